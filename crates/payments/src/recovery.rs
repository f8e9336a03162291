//! The recovery of this service after its database was restored, and its copies for the recovery of orders.
//!
//! Stripe knows every `PaymentIntent`, with the ids of its payment and order: after the events of orders are applied, the
//! reconciliation restores lost payments, and polls the others.

use std::time::Duration;

use common::event::{OrderStatus, PaymentSnapshot, PaymentStatus};
use common::{Decision, Event, Time};
use runtime::{Aggregate, Export, Present, PresentState, Recover, Recovery};

use crate::domain::{LastPoll, OrderReplica, Payment};

/// The part of this service in recoveries.
pub const RECOVERY: Recovery = Recovery {
    sources: &["orders"],
    exports: &[Export::of::<OrderReplica>(), Export::of::<Payment>()],
    aggregates: &[Aggregate::of::<Payment>()],
};

/// The period of the reconciliation that ends a recovery: longer than backups are kept, which is 30 days.
pub const RECOVERY_WINDOW: Duration = Duration::from_hours(32 * 24);

impl Present for OrderReplica {
    fn present(&self) -> PresentState {
        // A status of a newer release has no event here.
        let event_of = self.state.status.known().map(|status| match status {
            OrderStatus::Created => Event::OrderCreated,
            OrderStatus::AwaitingPayment => Event::OrderAwaitingPayment,
            OrderStatus::Paying => Event::OrderPaymentAccepted,
            OrderStatus::Complete => Event::OrderCompleted,
            OrderStatus::Cancelled => Event::OrderCancelled,
        });
        PresentState {
            aggregate: self.state.id.into(),
            version: self.state.version,
            changed_at: Some(self.state.updated_at),
            events: event_of.map(|event| event(self.state.clone())).into_iter().collect(),
        }
    }
}

type EventOf = fn(PaymentSnapshot) -> Event;

/// Orders records a refund of an order that is over only, so the capture precedes it.
impl Present for Payment {
    fn present(&self) -> PresentState {
        let snapshot = self.snapshot();
        let was_captured = match self.status {
            PaymentStatus::Captured => true,
            PaymentStatus::Refunding | PaymentStatus::Refunded => self.was_a_sale(),
            _ => false,
        };
        let was_refunded = snapshot.refunded.is_some() || self.status == PaymentStatus::Refunded;
        let is_waiting = self.status == PaymentStatus::RequiresPayment;
        let is_authorized = matches!(self.status, PaymentStatus::Authorized | PaymentStatus::Capturing);
        let happened: [(bool, EventOf); 8] = [
            (is_waiting, Event::PaymentStarted),
            (is_waiting && self.last_poll == LastPoll::Answered, Event::PaymentNotAuthorized),
            (is_authorized, Event::PaymentAuthorized),
            (was_captured, Event::PaymentCaptured),
            (self.status == PaymentStatus::Failed, Event::PaymentFailed),
            (self.status == PaymentStatus::Voided, Event::PaymentVoided),
            (was_refunded, Event::PaymentRefunded),
            (snapshot.dispute.is_some(), Event::PaymentDisputed),
        ];
        let events = happened.into_iter().filter(|(happened, _)| *happened);
        PresentState {
            aggregate: self.id.into(),
            version: self.version,
            changed_at: Some(self.updated_at),
            events: events.map(|(_, event)| event(snapshot.clone())).collect(),
        }
    }
}

impl Recover for Payment {
    fn raise(&self, version: u64, now: Time) -> Decision<Self> {
        self.raise(version, now)
    }
}
