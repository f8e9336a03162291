//! What the card processor answered, and what that means for the payment.

use common::event::PaymentStatus;
use common::{Decision, Event, Time};

use super::{Intent, IntentState, Moved, Payment, Work};

impl Payment {
    /// The `PaymentIntent` is known. `None`: it was known already.
    pub fn adopt(&self, intent: Intent, now: Time) -> Option<Decision<Self>> {
        if !self.is_to_be_created() {
            return None;
        }
        let work = match self.status {
            PaymentStatus::RequiresPayment => Work::look_later(now, 0),
            _ => Work::at_once(now),
        };
        Some(Decision::without_event(Self { intent: Some(intent), work, ..self.changed(now) }))
    }

    /// It is certain that no `PaymentIntent` was created, and none is wanted any more.
    pub fn nothing_was_created(&self, now: Time) -> Option<Decision<Self>> {
        let voided = self.status == PaymentStatus::Voiding && self.intent.is_none();
        voided.then(|| self.become_voided(now))
    }

    /// The card processor was asked for the present state of the `PaymentIntent`, and the order was looked at.
    ///
    /// Only what is final about a `PaymentIntent` decides an intention: whatever else was seen may have been seen
    /// before the intention was performed.
    pub fn observe(&self, state: &IntentState, order_is_over: bool, now: Time) -> Option<Decision<Self>> {
        use PaymentStatus as Is;
        match (self.status, state) {
            (Is::RequiresPayment | Is::Authorized | Is::Voiding, IntentState::Canceled) => {
                Some(self.become_voided(now))
            }
            (Is::Capturing, IntentState::Canceled) => Some(self.become_failed(now)),
            (Is::Capturing, IntentState::Succeeded(moved)) => Some(self.become_captured(*moved, now)),
            (Is::Voiding, IntentState::Succeeded(moved)) => Some(self.become_refunding(*moved, now)),
            (
                Is::Captured | Is::Refunding | Is::Refunded | Is::Voided | Is::Failed,
                IntentState::Succeeded(moved),
            ) => self.settled_money_moved(*moved, now),
            (Is::RequiresPayment | Is::Authorized, _) if order_is_over => self.order_cancelled(now),
            // Somebody took the money by hand: the order decides whether it stays taken, as with any other.
            (Is::RequiresPayment, IntentState::Succeeded(moved)) => Some(self.become_authorized(*moved, now)),
            (Is::RequiresPayment, IntentState::RequiresCapture) => {
                Some(self.become_authorized(Moved::default(), now))
            }
            (Is::RequiresPayment, IntentState::RequiresPaymentMethod(error))
                if *error != self.last_error && error.is_some() =>
            {
                let (last_error, work) = (error.clone(), self.next_look(now));
                Some(Decision::without_event(Self { last_error, work, ..self.changed(now) }))
            }
            (Is::RequiresPayment | Is::Authorized, _) => Some(self.rescheduled(self.next_look(now))),
            _ => None,
        }
    }

    fn become_authorized(&self, moved: Moved, now: Time) -> Decision<Self> {
        let (status, work) = (PaymentStatus::Authorized, Work::look_later(now, 0));
        let next = Self { status, work, moved, last_error: None, ..self.changed(now) }.booked(now);
        let event = Event::PaymentAuthorized(next.snapshot());
        Decision::with_event(next, event)
    }

    fn become_captured(&self, moved: Moved, now: Time) -> Decision<Self> {
        let (status, work) = (PaymentStatus::Captured, Work::done());
        let next = Self { status, work, giving_up: false, last_error: None, moved, ..self.changed(now) };
        let next = next.booked(now);
        let event = Event::PaymentCaptured(next.snapshot());
        Decision::with_event(next, event)
    }

    fn next_look(&self, now: Time) -> Work {
        Work::look_later(now, self.work.attempts)
    }
}
