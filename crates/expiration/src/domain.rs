//! A deadline: until when an order holds its ticket.

use common::event::{DeadlinePassed, OrderSnapshot};
use common::{Decision, Event, OrderId, Time};
use serde::{Deserialize, Serialize};

/// Until when an order holds its ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deadline {
    /// The order, and the deadline's own id.
    pub order_id: OrderId,
    /// When it passes.
    pub expires_at: Time,
    /// What became of it.
    pub status: Status,
    /// Its revision.
    pub version: u64,
    /// When it was first heard of.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// What became of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It has not passed yet.
    Pending,
    /// It has passed, and the others were told.
    Fired,
    /// Nobody needs it: the order was paid or is over.
    Dropped,
}

impl Deadline {
    /// An order was placed. A deadline that is known already stays what it is: above all, one that was dropped stays
    /// dropped if the news of the order comes late.
    pub fn keep(known: Option<&Self>, order: &OrderSnapshot, now: Time) -> Option<Decision<Self>> {
        match known {
            None => Some(Decision::without_event(Self::first(order, Status::Pending, now))),
            Some(_) => None,
        }
    }

    /// The order needs no deadline any more.
    pub fn drop(known: Option<&Self>, order: &OrderSnapshot, now: Time) -> Option<Decision<Self>> {
        match known {
            None => Some(Decision::without_event(Self::first(order, Status::Dropped, now))),
            Some(known) => match known.status {
                Status::Pending => Some(Decision::without_event(known.next(Status::Dropped, now))),
                Status::Fired | Status::Dropped => None,
            },
        }
    }

    /// It passes, if its time has come.
    pub fn fire(&self, now: Time) -> Option<Decision<Self>> {
        match self.status {
            Status::Pending if now >= self.expires_at => {
                let passed = DeadlinePassed { order_id: self.order_id, expires_at: self.expires_at };
                Some(Decision::with_event(self.next(Status::Fired, now), Event::ExpirationCompleted(passed)))
            }
            Status::Pending | Status::Fired | Status::Dropped => None,
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
