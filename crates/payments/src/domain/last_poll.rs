//! The last poll: at the deadline of an order, Stripe is polled once more for a payment in progress, and orders decides on
//! the answer. And the poll that a buyer's browser asks for.

use std::time::Duration;

use common::event::PaymentStatus;
use common::{Decision, Event, Time};
use serde::{Deserialize, Serialize};

use super::{IntentState, Payment, StepSchedule};

/// The delay of the last poll after the second of the deadline began. Stripe's times are whole seconds, so this second is
/// in time and must be over; the second one is for a bank that is answering, and for differences between clocks.
pub const LAST_POLL_DELAY: Duration = Duration::from_secs(2);

/// The longest delay between attempts at the last poll: orders waits for 15 seconds, so backoff would waste half of them.
pub const LAST_POLL_RETRY_DELAY: Duration = Duration::from_secs(2);

/// The time after the last poll was due within which orders waits. Later attempts follow the usual backoff.
const LAST_POLL_RETRY_TIMEOUT: Duration = Duration::from_secs(13);

/// The delay of a poll that a browser asks for. Buyers cause no more polls than one in this time, however often they
/// reload the page.
pub const HINT_DELAY: Duration = Duration::from_millis(500);

/// The last poll before an order expires.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LastPoll {
    /// The deadline of the order has not passed.
    #[default]
    NotDue,
    /// The deadline has passed. A poll from this time on answers.
    Due(Time),
    /// Orders was answered.
    Answered,
}

impl Payment {
    /// Schedules the last poll, because the order's deadline has passed. Nothing can be authorized without a
    /// `PaymentIntent`, so such a payment answers at once. Returns `None` if nothing is left to answer.
    pub fn on_deadline(&self, deadline: Time, now: Time) -> Option<Decision<Self>> {
        if self.last_poll != LastPoll::NotDue {
            return None;
        }
        match self.status {
            PaymentStatus::RequiresPayment | PaymentStatus::Authorized if self.is_polled() => {
                let second = Time::from_millis(deadline.as_millis().div_euclid(1000) * 1000);
                let due = second.after(LAST_POLL_DELAY);
                // A poll in flight began too early to answer. Its process commits what it reads all the same.
                let wait_until = self.schedule.not_before.filter(|moment| *moment > due).unwrap_or(due);
                let schedule =
                    StepSchedule { due: Some(wait_until), attempts: 0, leased: false, ..self.schedule };
                let Decision { next, events } = self.rescheduled(schedule);
                Some(Decision { next: Self { last_poll: LastPoll::Due(due), ..next }, events })
            }
            PaymentStatus::RequiresPayment | PaymentStatus::Voided => Some(self.not_authorized(now)),
            _ => None,
        }
    }

    /// Follows the state that a poll returned which began at `polled_at`. The last poll answers orders. Any other poll without
    /// a change publishes again what orders may have missed.
    pub fn on_poll(
        &self,
        state: &IntentState,
        polled_at: Time,
        order_is_cancelled: bool,
        now: Time,
    ) -> Option<Decision<Self>> {
        let Decision { next, events } = self.followed(state, polled_at, order_is_cancelled, now)?;
        Some(next.reminding(events, self.status, now))
    }

    fn followed(
        &self,
        state: &IntentState,
        polled_at: Time,
        order_is_cancelled: bool,
        now: Time,
    ) -> Option<Decision<Self>> {
        let decision = self.on_intent_state(state, order_is_cancelled, now)?;
        let LastPoll::Due(due) = self.last_poll else { return Some(decision) };
        let Decision { next, events } = decision;
        if polled_at < due || !next.is_polled() {
            let schedule = next.not_after_last_poll(next.schedule, now);
            return Some(Decision { next: Self { schedule, ..next }, events });
        }
        // Derived from the next state, which has its own version already.
        let answered = Self { last_poll: LastPoll::Answered, ..next };
        match (answered.status, state) {
            (PaymentStatus::RequiresPayment, IntentState::Processing) => {
                let schedule = self.schedule.attempt_failed(false, None, now);
                let schedule = self.not_after_last_poll(schedule, now);
                Some(Decision { next: Self { last_poll: self.last_poll, schedule, ..answered }, events })
            }
            (PaymentStatus::RequiresPayment, _) => {
                let event = Event::PaymentNotAuthorized(answered.snapshot());
                Some(Decision { next: answered, events: vec![event] })
            }
            // Published before: perhaps by a release that did not know the time, perhaps in vain.
            (_, IntentState::RequiresCapture { authorized_at }) if events.is_empty() => {
                let answered = Self { authorized_at: *authorized_at, ..answered };
                let event = Event::PaymentAuthorized(answered.snapshot());
                Some(Decision { next: answered, events: vec![event] })
            }
            _ => Some(Decision { next: answered, events }),
        }
    }

    /// Polls Stripe in a moment, because the buyer's browser asks: a webhook may be late or lost. Returns `None` if a poll
    /// is due as soon.
    pub fn poll_soon(&self, now: Time) -> Option<Decision<Self>> {
        let soon = now.after(HINT_DELAY);
        let soon = self.schedule.not_before.filter(|moment| *moment > soon).unwrap_or(soon);
        let waits = self.is_polled() && self.status == PaymentStatus::RequiresPayment;
        let is_later = self.schedule.due.is_some_and(|due| due > soon);
        let schedule = StepSchedule { due: Some(soon), attempts: 0, leased: false, ..self.schedule };
        (waits && is_later).then(|| self.rescheduled(schedule))
    }

    /// The schedule with its poll not later than the last one, or than the next attempt at the last one.
    pub(super) fn not_after_last_poll(&self, schedule: StepSchedule, now: Time) -> StepSchedule {
        let LastPoll::Due(last) = self.last_poll else { return schedule };
        if schedule.leased || now >= last.after(LAST_POLL_RETRY_TIMEOUT) {
            return schedule;
        }
        let latest = if now < last { last } else { now.after(LAST_POLL_RETRY_DELAY) };
        let latest = schedule.not_before.filter(|moment| *moment > latest).unwrap_or(latest);
        StepSchedule { due: schedule.due.map(|due| due.min(latest)), ..schedule }
    }

    fn not_authorized(&self, now: Time) -> Decision<Self> {
        let next = Self { last_poll: LastPoll::Answered, ..self.changed(now) };
        let event = Event::PaymentNotAuthorized(next.snapshot());
        Decision::with_event(next, event)
    }
}
