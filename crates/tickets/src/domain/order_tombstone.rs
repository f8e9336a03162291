//! Tombstones of orders that never get their ticket, or never again.

use common::event::{OrderSnapshot, RefusalReason, ReservationRefused};
use common::{Decision, Event, OrderId, TicketId, Time};
use serde::{Deserialize, Serialize};

/// The record of an order that has ended as far as its ticket is concerned. Written once, so late and repeated events
/// get the first answer again: once refused, always refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTombstone {
    /// The order.
    pub order: OrderId,
    /// The ticket that was ordered.
    pub ticket: TicketId,
    /// How the order ended.
    pub outcome: Outcome,
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
        let refused =
            ReservationRefused { ticket_id: order.ticket.id, order_id: order.id, reason: reason.into() };
        let tombstone = Self::of(order, Outcome::Refused(reason), now);
        Decision::with_event(tombstone, Event::TicketReservationRefused(refused))
    }

    /// Records a cancelled order: an `order.created` that arrives (again) afterwards must not lock the ticket.
    pub fn cancelled(order: &OrderSnapshot, now: Time) -> Decision<Self> {
        Decision::without_event(Self::of(order, Outcome::Cancelled, now))
    }

    fn of(order: &OrderSnapshot, outcome: Outcome, now: Time) -> Self {
        Self { order: order.id, ticket: order.ticket.id, outcome, created_at: now }
    }
}
