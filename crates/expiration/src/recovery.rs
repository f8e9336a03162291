//! The recovery of this service after its database was restored, and the deadlines that passed, for the recovery of others.

use common::event::DeadlinePassed;
use common::{Decision, Envelope, Event, Time};
use runtime::{Aggregate, Export, Present, PresentState, Recover, Recovery};
use uuid::Uuid;

use crate::domain::{Deadline, Status};

/// The part of this service in recoveries.
pub const RECOVERY: Recovery = Recovery {
    sources: &["orders"],
    exports: &[Export::of::<Deadline>()],
    aggregates: &[Aggregate::of::<Deadline>()],
};

impl Present for Deadline {
    fn present(&self) -> PresentState {
        let passed = DeadlinePassed { order_id: self.order_id, expires_at: self.expires_at };
        PresentState {
            aggregate: self.order_id.into(),
            version: self.version,
            changed_at: Some(self.updated_at),
            events: match self.status {
                Status::Expired => vec![Event::ExpirationCompleted(passed)],
                Status::Pending | Status::Cancelled => Vec::new(),
            },
        }
    }
}

impl Recover for Deadline {
    fn shown_by(event: &Event) -> Option<Uuid> {
        event.order().map(|order| order.id.into())
    }

    /// The consumer cancels the deadlines of orders that are over.
    fn adopt(known: Option<&Self>, copy: &Envelope, version: u64, now: Time) -> Option<Decision<Self>> {
        Self::adopt(known, copy.event.order()?, version, now)
    }

    fn raise(&self, version: u64, _: Time) -> Decision<Self> {
        Decision::without_event(Self { version, ..self.clone() })
    }
}
