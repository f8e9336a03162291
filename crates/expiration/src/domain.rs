//! The deadline of an order, and its transitions.

use common::event::{DeadlinePassed, OrderSnapshot, OrderStatus};
use common::{Decision, Event, OrderId, Time};
use serde::{Deserialize, Serialize};

/// The time until which an order holds its ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deadline {
    /// The order, and the id of the deadline.
    pub order_id: OrderId,
    /// The time at which the hold expires.
    pub expires_at: Time,
    /// The state.
    pub status: Status,
    /// The version.
    pub version: u64,
    /// The time of the first event about the order.
    pub created_at: Time,
    /// The time of the last change.
    pub updated_at: Time,
}

/// The state of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The time has not come yet.
    Pending,
    /// The time has passed, and `expiration.completed` is published.
    #[serde(rename = "fired")]
    Expired,
    /// The order was paid or cancelled before its deadline.
    #[serde(rename = "dropped")]
    Cancelled,
}

impl Deadline {
    /// Schedules the deadline of a new order. Returns `None` if the deadline exists: one that was cancelled stays so
    /// if `order.created` is delivered late.
    pub fn schedule(known: Option<&Self>, order: &OrderSnapshot, now: Time) -> Option<Decision<Self>> {
        match known {
            None => Some(Decision::without_event(Self::first(order, Status::Pending, now))),
            Some(_) => None,
        }
    }

    /// Schedules the lost deadline of an open order, at this version, after a restore of the database. Returns `None` if the
    /// deadline is known, or the order needs none.
    pub fn adopt(
        known: Option<&Self>,
        order: &OrderSnapshot,
        version: u64,
        now: Time,
    ) -> Option<Decision<Self>> {
        let is_open =
            matches!(order.status.known(), Some(OrderStatus::Created | OrderStatus::AwaitingPayment));
        let is_lost = known.is_none() && is_open;
        is_lost.then(|| Decision::without_event(Self { version, ..Self::first(order, Status::Pending, now) }))
    }

    /// Cancels the deadline of an order that needs none any more. An unknown deadline is stored as cancelled.
    pub fn cancel(known: Option<&Self>, order: &OrderSnapshot, now: Time) -> Option<Decision<Self>> {
        match known {
            None => Some(Decision::without_event(Self::first(order, Status::Cancelled, now))),
            Some(known) => match known.status {
                Status::Pending => Some(Decision::without_event(known.next(Status::Cancelled, now))),
                Status::Expired | Status::Cancelled => None,
            },
        }
    }

    /// Expires the deadline, if it is pending and due.
    pub fn expire(&self, now: Time) -> Option<Decision<Self>> {
        match self.status {
            Status::Pending if now >= self.expires_at => {
                let passed = DeadlinePassed { order_id: self.order_id, expires_at: self.expires_at };
                let next = self.next(Status::Expired, now);
                Some(Decision::with_event(next, Event::ExpirationCompleted(passed)))
            }
            Status::Pending | Status::Expired | Status::Cancelled => None,
        }
    }

    fn first(order: &OrderSnapshot, status: Status, now: Time) -> Self {
        let expires_at = order.expires_at;
        Self { order_id: order.id, expires_at, status, version: 1, created_at: now, updated_at: now }
    }

    fn next(&self, status: Status, now: Time) -> Self {
        Self { status, version: self.version + 1, updated_at: now, ..self.clone() }
    }
}
