//! Overdue orders: the state is published again, or the order expires; and the answers to overdue states of others.

use std::time::Duration;

use common::event::OrderSnapshot;
use common::{Decision, Intervals, Time};

use super::order::{LAST_POLL_TIMEOUT, Order, Status};

/// Between publications of an order that awaits an answer. Longer at first than tickets waits for the lock of another order.
const INTERVALS: Intervals =
    Intervals { first: Duration::from_secs(10), factor: 2, max: Duration::from_mins(10) };

impl Order {
    /// When the next event about the order is overdue. Returns `None` for an order that is over.
    pub fn overdue_at(&self) -> Option<Time> {
        let republication = INTERVALS.due(self.updated_at, self.republished);
        match self.status {
            Status::Created => Some(republication.min(self.expires_unanswered_at())),
            Status::AwaitingPayment => Some(self.expires_unanswered_at()),
            Status::Paying => Some(republication),
            Status::Complete | Status::Cancelled(_) => None,
        }
    }

    /// Decides on an order that is overdue at `now`: an open order expires though neither `expiration.completed` nor an
    /// answer of payments has arrived; otherwise the state is published again.
    pub fn on_overdue(&self, now: Time) -> Option<Decision<Self>> {
        self.overdue_at().filter(|due| *due <= now)?;
        Some(if self.is_open() && now >= self.expires_unanswered_at() {
            self.expired(now)
        } else {
            self.republish(now)
        })
    }

    /// Publishes the present state again, at a new version, because no consequence has followed: tickets or payments answers
    /// with its own state. `updated_at` stays, and the next publication follows later each time.
    #[must_use]
    pub fn republish(&self, now: Time) -> Decision<Self> {
        let republished = INTERVALS.repeated(self.updated_at, self.republished, now);
        let next = Self { republished, version: self.version + 1, ..self.clone() };
        let event = next.event_with(OrderSnapshot { overdue: true, ..next.snapshot() });
        Decision::with_event(next, event)
    }

    /// Answers the overdue state of a ticket or a payment, if the order does not await an event about it: the other service
    /// has missed the order's event.
    pub fn answer(&self) -> Option<Decision<Self>> {
        match self.status {
            Status::Created | Status::AwaitingPayment => None,
            Status::Paying | Status::Complete | Status::Cancelled(_) => Some(self.answered()),
        }
    }

    /// The same state and its event once more, at a new version: consumers ignore versions that they know.
    pub(super) fn answered(&self) -> Decision<Self> {
        Self { version: self.version + 1, ..self.clone() }.published()
    }

    /// The end of the last poll of a payment in progress. Returns `None` without one.
    pub fn last_poll_until(&self) -> Option<Time> {
        (self.is_open() && self.payment_in_progress).then(|| self.expires_unanswered_at())
    }

    /// The time at which an open order expires without any event.
    pub(super) fn expires_unanswered_at(&self) -> Time {
        self.expires_at.after(LAST_POLL_TIMEOUT)
    }
}
