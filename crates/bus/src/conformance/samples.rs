//! Sample events.

use std::sync::Arc;

use common::clock::SystemClock;
use common::event::{DeadlinePassed, TicketSnapshot, TicketStatus};
use common::{Clock, Currency, Envelope, Event, Ids, Money, SystemEntropy};
use uuid::Uuid;

/// Makes events with ids that no other run has used: a bus may drop an event whose id it has seen.
pub(super) struct Samples(Ids);

impl Samples {
    pub(super) fn new() -> Self {
        Self(Ids::new(Arc::new(SystemClock), Arc::new(SystemEntropy)))
    }

    pub(super) fn id(&self) -> Uuid {
        self.0.next()
    }

    /// `ticket.updated`.
    pub(super) fn ticket(&self, aggregate: Uuid, version: u64, description: &str) -> Arc<Envelope> {
        let time = SystemClock.now();
        let snapshot = TicketSnapshot {
            id: aggregate.into(),
            title: "Winter concert".to_owned(),
            venue: None,
            starts_at: None,
            description: Some(description.to_owned()),
            price: Money { amount: 2500, currency: Currency::Usd },
            seller_id: self.0.next(),
            status: TicketStatus::Available.into(),
            order_id: None,
            reserved_until: None,
            version,
            created_at: time,
            updated_at: time,
            overdue: false,
        };
        self.envelope(aggregate, version, Event::TicketUpdated(snapshot))
    }

    /// `expiration.completed`.
    pub(super) fn deadline(&self) -> Arc<Envelope> {
        let aggregate = self.id();
        let event = DeadlinePassed { order_id: aggregate.into(), expires_at: SystemClock.now() };
        self.envelope(aggregate, 1, Event::ExpirationCompleted(event))
    }

    fn envelope(&self, aggregate: Uuid, version: u64, event: Event) -> Arc<Envelope> {
        let trace = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
        let envelope = Envelope::new(self.0.next(), aggregate, version, SystemClock.now(), event);
        Arc::new(Envelope { trace, ..envelope })
    }
}
