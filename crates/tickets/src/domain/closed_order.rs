//! The memory of orders that shall never have their ticket, or never again.

use common::event::{OrderSnapshot, RefusalReason, ReservationRefused};
use common::{Decision, Event, OrderId, TicketId, Time};
use serde::{Deserialize, Serialize};

/// An order that is over as far as its ticket is concerned. It is written once and never changes, so whatever is heard
/// twice or late gets the answer that was given first: once refused, always refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedOrder {
    /// The order.
    pub order: OrderId,
    /// The ticket that it wanted.
    pub ticket: TicketId,
    /// How it ended.
    pub outcome: Outcome,
    /// When that was learnt.
    pub created_at: Time,
}

/// How an order ended without a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The ticket was not locked for it.
    Refused(RefusalReason),
    /// It was cancelled.
    Cancelled,
}

impl ClosedOrder {
    /// The ticket is not locked for this order: `ticket.reservation-refused`. The ticket itself does not change, and
    /// may not even exist, so this record is what the announcement is committed with.
    pub fn refuse(order: &OrderSnapshot, reason: RefusalReason, now: Time) -> Decision<Self> {
        let refused = ReservationRefused { ticket_id: order.ticket.id, order_id: order.id, reason };
        let closed = Self::of(order, Outcome::Refused(reason), now);
        Decision::with_event(closed, Event::TicketReservationRefused(refused))
    }

    /// The order was cancelled: if its beginning is heard (again) after its end, it must not lock the ticket.
    pub fn cancelled(order: &OrderSnapshot, now: Time) -> Decision<Self> {
        Decision::without_event(Self::of(order, Outcome::Cancelled, now))
    }

    fn of(order: &OrderSnapshot, outcome: Outcome, now: Time) -> Self {
        Self { order: order.id, ticket: order.ticket.id, outcome, created_at: now }
    }
}
