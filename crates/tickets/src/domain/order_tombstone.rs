//! Tombstones of orders that never get their ticket, or never again.

use common::event::{OrderSnapshot, RefusalReason, ReservationRefused};
use common::{Decision, Event, OrderId, TicketId, Time};
use serde::{Deserialize, Serialize};

/// The record of an order that has ended as far as its ticket is concerned. The outcome is written once, so late and
/// repeated events get the first answer again: once refused, always refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTombstone {
    /// The order.
    pub order: OrderId,
    /// The ticket that was ordered.
    pub ticket: TicketId,
    /// How the order ended.
    pub outcome: Outcome,
    /// The version: one more with each repetition of the refusal.
    #[serde(default = "first_version")]
    pub version: u64,
    /// When the tombstone was written.
    pub created_at: Time,
}

/// How an order ended without a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The ticket was not locked for the order.
    Refused(RefusalReason),
    /// The order was cancelled.
    Cancelled,
}

impl OrderTombstone {
    /// Refuses the lock: `ticket.reservation-refused`. The ticket does not change and may not even exist, so the event
    /// is committed with the tombstone.
    pub fn refused(order: &OrderSnapshot, reason: RefusalReason, now: Time) -> Decision<Self> {
        Self::of(order, Outcome::Refused(reason), now).with_refusal(reason)
    }

    /// Answers an overdue order that has missed its refusal. Returns `None` for an order that was cancelled.
    pub fn answer(&self) -> Option<Decision<Self>> {
        match self.outcome {
            Outcome::Refused(reason) => {
                Some(Self { version: self.version + 1, ..self.clone() }.with_refusal(reason))
            }
            Outcome::Cancelled => None,
        }
    }

    fn with_refusal(self, reason: RefusalReason) -> Decision<Self> {
        let refused =
            ReservationRefused { ticket_id: self.ticket, order_id: self.order, reason: reason.into() };
        Decision::with_event(self, Event::TicketReservationRefused(refused))
    }

    /// Records a cancelled order: an `order.created` that arrives (again) afterwards must not lock the ticket.
    pub fn cancelled(order: &OrderSnapshot, now: Time) -> Decision<Self> {
        Decision::without_event(Self::of(order, Outcome::Cancelled, now))
    }

    fn of(order: &OrderSnapshot, outcome: Outcome, now: Time) -> Self {
        let version = first_version();
        Self { order: order.id, ticket: order.ticket.id, outcome, version, created_at: now }
    }
}

/// The version of tombstones of former releases, which were written once.
const fn first_version() -> u64 {
    1
}
