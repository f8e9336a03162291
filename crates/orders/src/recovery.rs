//! The recovery of this service after its database was restored, and its copies for the recovery of tickets, payments and
//! expiration.
//!
//! Payments has the whole state of every order, so lost orders come back. The events of tickets, expiration and payments
//! lead them on.

use common::event::{TicketSnapshot, TicketStatus};
use common::{Decision, Envelope, Event, Time};
use runtime::{Aggregate, Export, Present, PresentState, Recover, Recovery};
use uuid::Uuid;

use crate::domain::{Closing, Order, TicketReplica};

/// The part of this service in recoveries.
pub const RECOVERY: Recovery = Recovery {
    sources: &["tickets", "expiration", "payments"],
    exports: &[Export::of::<Order>(), Export::of::<TicketReplica>(), Export::of::<Closing>()],
    aggregates: &[Aggregate::of::<Order>()],
};

impl Present for Order {
    fn present(&self) -> PresentState {
        PresentState {
            aggregate: self.id.into(),
            version: self.version,
            changed_at: Some(self.updated_at),
            events: vec![self.event()],
        }
    }
}

impl Present for TicketReplica {
    fn present(&self) -> PresentState {
        // A status of a newer release has no event here.
        let event_of = self.status.known().map(|status| match status {
            TicketStatus::Available => Event::TicketUpdated,
            TicketStatus::Reserved => Event::TicketReserved,
            TicketStatus::Sold => Event::TicketSold,
            TicketStatus::Withdrawn => Event::TicketWithdrawn,
        });
        let listed_at = listed_at(self.id.into());
        let ticket = TicketSnapshot {
            id: self.id,
            title: self.title.clone(),
            venue: self.venue.clone(),
            starts_at: self.starts_at,
            description: None,
            price: self.price,
            seller_id: self.seller_id,
            status: self.status.clone(),
            order_id: self.order_id,
            reserved_until: None,
            version: self.as_of,
            created_at: listed_at,
            updated_at: listed_at,
            overdue: false,
        };
        PresentState {
            aggregate: self.id.into(),
            version: self.as_of,
            changed_at: None,
            events: event_of.map(|event| event(ticket)).into_iter().collect(),
        }
    }
}

impl Present for Closing {
    fn present(&self) -> PresentState {
        PresentState {
            aggregate: self.user_id.into(),
            version: self.version,
            changed_at: Some(self.requested_at),
            events: self.event().into_iter().collect(),
        }
    }
}

/// The time at which a ticket was listed, which its id contains.
fn listed_at(ticket: Uuid) -> Time {
    let (seconds, _) = ticket.get_timestamp().map_or((0, 0), |time| time.to_unix());
    Time::from_millis(i64::try_from(seconds).unwrap_or(0).saturating_mul(1000))
}

impl Recover for Order {
    fn shown_by(event: &Event) -> Option<Uuid> {
        event.order().map(|order| order.id.into())
    }

    fn adopt(known: Option<&Self>, copy: &Envelope, version: u64, _: Time) -> Option<Decision<Self>> {
        Self::adopt(known, copy.event.order()?, version)
    }

    fn raise(&self, version: u64, now: Time) -> Decision<Self> {
        self.raise(version, now)
    }
}
