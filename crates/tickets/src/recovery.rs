//! The recovery of this service after its database was restored, and its tickets for the recovery of orders.
//!
//! Orders decides who has a ticket, so locks and sales come back. Of a listing that no order names, orders knows seller, title
//! and price only; of an edit, title and price.

use common::{Decision, Envelope, Event, Time};
use runtime::{Aggregate, Export, Present, PresentState, Recover, Recovery};
use uuid::Uuid;

use crate::domain::Ticket;

/// The part of this service in recoveries.
pub const RECOVERY: Recovery = Recovery {
    sources: &["orders"],
    exports: &[Export::of::<Ticket>()],
    aggregates: &[Aggregate::of::<Ticket>()],
};

impl Present for Ticket {
    fn present(&self) -> PresentState {
        PresentState {
            aggregate: self.id.into(),
            version: self.version,
            changed_at: Some(self.updated_at),
            events: vec![self.event()],
        }
    }
}

impl Recover for Ticket {
    fn shown_by(event: &Event) -> Option<Uuid> {
        let of_order = event.order().map(|order| order.ticket.id);
        of_order.or_else(|| event.ticket().map(|ticket| ticket.id)).map(Uuid::from)
    }

    fn adopt(known: Option<&Self>, copy: &Envelope, version: u64, now: Time) -> Option<Decision<Self>> {
        match (copy.event.order(), copy.event.ticket()) {
            (Some(order), _) => Self::adopt_order(known, order, version, now),
            (None, Some(ticket)) => Self::adopt_replica(known, ticket, version, now),
            (None, None) => None,
        }
    }

    fn raise(&self, version: u64, now: Time) -> Decision<Self> {
        self.raise(version, now)
    }
}
