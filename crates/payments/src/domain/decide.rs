//! What orders and the worker ask of a payment.

use std::time::Duration;

use common::event::PaymentStatus;
use common::{Decision, Event, Time};

use super::{CardError, Moved, Payment, Work};

impl Payment {
    /// Takes the step that is due. `urgent`: take it before its time, because there is reason to believe that it will
    /// succeed now; but never an intention out of the hands of somebody who is at it. `None`: nothing is to do now.
    pub fn take(&self, urgent: bool, now: Time) -> Option<Decision<Self>> {
        let due = self.work.due?;
        if self.work.not_before.is_some_and(|moment| now < moment) {
            return None;
        }
        let in_hands = self.work.taken && due > now;
        if due > now && (!urgent || (in_hands && !self.is_watched())) {
            return None;
        }
        let mut work = self.work;
        // A hint begins the looks anew: something is going on, so the next look shall not be a minute away.
        if urgent && self.is_watched() {
            work.attempts = 0;
        }
        Some(self.rescheduled(work.take(now)))
    }

    /// The attempt at the step of `taken` failed and shall be repeated. `None`: it is not the present step any more.
    /// `retry_after`: not before that time has passed.
    pub fn missed(
        &self,
        taken: &Self,
        key_used_up: bool,
        retry_after: Option<Duration>,
        now: Time,
    ) -> Option<Decision<Self>> {
        let same_step = (self.status, self.giving_up, self.intent.is_some(), self.work.key)
            == (taken.status, taken.giving_up, taken.intent.is_some(), taken.work.key);
        if !same_step || !self.work.taken {
            return None;
        }
        Some(self.rescheduled(self.work.missed(key_used_up, retry_after, now)))
    }

    /// The order was accepted: take the money that is held.
    pub fn order_accepted(&self, now: Time) -> Option<Decision<Self>> {
        match self.status {
            PaymentStatus::Authorized => {
                let status = PaymentStatus::Capturing;
                let work = Work::at_once(now);
                Some(Decision::without_event(Self { status, work, last_error: None, ..self.changed(now) }))
            }
            // The bank let go of the money while the order was being accepted. The order waits for an answer.
            PaymentStatus::Voided => Some(self.become_failed(now)),
            _ => None,
        }
    }

    /// The order is over without a sale: let go of whatever is held, and give back what was taken.
    pub fn order_cancelled(&self, now: Time) -> Option<Decision<Self>> {
        match self.status {
            // Nobody was asked for a `PaymentIntent` yet, so there is none.
            PaymentStatus::RequiresPayment if self.intent.is_none() && self.work.attempts == 0 => {
                Some(self.become_voided(now))
            }
            // One is being created: the step goes on to its end under its own key, so that what comes of it is known
            // and can be cancelled.
            PaymentStatus::RequiresPayment if self.intent.is_none() => {
                let work = Work { due: Some(now), taken: false, ..self.work };
                Some(self.become_voiding(work, now))
            }
            PaymentStatus::RequiresPayment | PaymentStatus::Authorized => {
                Some(self.become_voiding(Work::at_once(now), now))
            }
            // The capture was not asked for yet.
            PaymentStatus::Capturing if self.work.attempts == 0 && !self.giving_up => {
                Some(self.become_voiding(Work::at_once(now), now))
            }
            PaymentStatus::Captured => Some(self.become_refunding(self.moved, now)),
            _ => None,
        }
    }

    /// The card processor refuses the capture for good: what is left is to let go of the money.
    pub fn capture_refused(&self, why: CardError, now: Time) -> Option<Decision<Self>> {
        if self.status != PaymentStatus::Capturing || self.giving_up {
            return None;
        }
        let next =
            Self { last_error: Some(why), giving_up: true, work: Work::at_once(now), ..self.changed(now) };
        Some(Decision::without_event(next))
    }

    fn become_voiding(&self, work: Work, now: Time) -> Decision<Self> {
        Decision::without_event(Self { status: PaymentStatus::Voiding, work, ..self.changed(now) })
    }

    pub(super) fn become_voided(&self, now: Time) -> Decision<Self> {
        let next = Self { status: PaymentStatus::Voided, work: Work::done(), ..self.changed(now) };
        let event = Event::PaymentVoided(next.snapshot());
        Decision::with_event(next, event)
    }

    pub(super) fn become_failed(&self, now: Time) -> Decision<Self> {
        let next = Self { status: PaymentStatus::Failed, work: Work::done(), ..self.changed(now) };
        let event = Event::PaymentFailed(next.snapshot());
        Decision::with_event(next, event)
    }

    pub(super) fn become_refunding(&self, moved: Moved, now: Time) -> Decision<Self> {
        let (status, work) = (PaymentStatus::Refunding, Work::at_once(now));
        Decision::without_event(Self { status, moved, work, ..self.changed(now) }.booked(now))
    }

    /// Whether it waits for its buyer or its order, and is only looked at now and then.
    pub(super) fn is_watched(&self) -> bool {
        self.intent.is_some()
            && matches!(self.status, PaymentStatus::RequiresPayment | PaymentStatus::Authorized)
    }
}
