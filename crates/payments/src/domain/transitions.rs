//! The transitions of a payment: on leases and outcomes of its steps, on events of its order, and on states of its
//! `PaymentIntent`.

use std::time::Duration;

use common::event::{OrderStatus, PaymentStatus, Word};
use common::{Decision, Event, Time};

use super::{CardError, Intent, IntentState, MoneyTotals, Payment, RunWhen, StepSchedule};

impl Payment {
    /// Leases the next step. Returns `None` if nothing is to do now, or if another process has the lease.
    pub fn lease(&self, when: RunWhen, now: Time) -> Option<Decision<Self>> {
        let due = self.schedule.due?;
        if self.schedule.not_before.is_some_and(|moment| now < moment) {
            return None;
        }
        if due > now && (when == RunWhen::Due || self.has_lease(now)) {
            return None;
        }
        Some(self.rescheduled(self.schedule.lease(now)))
    }

    /// Whether a process has leased the next step, and performs it now unless it has crashed.
    pub fn has_lease(&self, now: Time) -> bool {
        self.schedule.leased_until().is_some_and(|end| end > now)
    }

    /// This decision with its step leased, for the process that commits it and performs the step at once.
    pub fn leased(decision: Decision<Self>, now: Time) -> Decision<Self> {
        let Decision { next, events } = decision;
        Decision { next: Self { schedule: next.schedule.lease(now), ..next }, events }
    }

    /// The payment as a poll at once knows it. A hint restarts the backoff of polls: something is in progress, so the next
    /// poll must not be a minute away. Returns `None` if the payment is not polled, or if Stripe asked for a pause.
    pub fn hinted(&self, now: Time) -> Option<Self> {
        let may_poll = self.schedule.not_before.is_none_or(|moment| now >= moment);
        let schedule = StepSchedule { attempts: 1, leased: false, ..self.schedule };
        (self.is_polled() && may_poll).then(|| Self { schedule, ..self.clone() })
    }

    /// Schedules the next attempt, after the attempt at the step of `attempted` failed. Returns `None` if the step is not
    /// the present one anymore. `retry_after`: Stripe's minimum delay.
    pub fn attempt_failed(
        &self,
        attempted: &Self,
        key_used_up: bool,
        retry_after: Option<Duration>,
        now: Time,
    ) -> Option<Decision<Self>> {
        let step = |payment: &Self| {
            (payment.status, payment.abandoning, payment.intent.is_some(), payment.schedule.attempt_key)
        };
        let is_present = if attempted.schedule.leased {
            self.schedule.leased && step(self) == step(attempted)
        } else {
            self.version == attempted.version
        };
        if !is_present {
            return None;
        }
        let schedule = self.schedule.attempt_failed(key_used_up, retry_after, now);
        Some(self.rescheduled(self.not_after_last_poll(schedule, now)))
    }

    /// Follows the order into this status. On a status of a newer release nothing is captured or voided: the replica of
    /// the order keeps the word, and a release that knows it follows the order at the payment's next poll.
    pub fn on_order_event(&self, status: &Word<OrderStatus>, now: Time) -> Option<Decision<Self>> {
        match status.known()? {
            OrderStatus::Created | OrderStatus::AwaitingPayment => None,
            OrderStatus::Paying | OrderStatus::Complete => self.on_order_accepted(now),
            OrderStatus::Cancelled => self.on_order_cancelled(now),
        }
    }

    /// Captures the authorized money.
    pub(super) fn on_order_accepted(&self, now: Time) -> Option<Decision<Self>> {
        match self.status {
            PaymentStatus::Authorized => {
                let (status, schedule) = (PaymentStatus::Capturing, StepSchedule::due_now(now));
                let next = Self { status, schedule, last_error: None, ..self.changed(now) };
                Some(Decision::without_event(next))
            }
            // The authorization ended while the order was being accepted. The order waits for an answer.
            PaymentStatus::Voided => Some(self.become_failed(now)),
            _ => None,
        }
    }

    /// Voids what is authorized, and refunds what was captured.
    pub fn on_order_cancelled(&self, now: Time) -> Option<Decision<Self>> {
        match self.status {
            // The step that creates the `PaymentIntent` was never leased, so there is none.
            PaymentStatus::RequiresPayment if self.intent.is_none() && self.schedule.attempts == 0 => {
                Some(self.become_voided(now))
            }
            // The `PaymentIntent` is being created: the step ends under its own key, so that its result is known and
            // can be canceled.
            PaymentStatus::RequiresPayment if self.intent.is_none() => {
                let schedule = StepSchedule { due: Some(now), leased: false, ..self.schedule };
                Some(self.become_voiding(schedule, now))
            }
            PaymentStatus::RequiresPayment | PaymentStatus::Authorized => {
                Some(self.become_voiding(StepSchedule::due_now(now), now))
            }
            // The capture was never leased.
            PaymentStatus::Capturing if self.schedule.attempts == 0 && !self.abandoning => {
                Some(self.become_voiding(StepSchedule::due_now(now), now))
            }
            PaymentStatus::Captured => Some(self.become_refunding(self.totals, now)),
            _ => None,
        }
    }

    /// Follows the present state of the `PaymentIntent`.
    ///
    /// Only a final state of a `PaymentIntent` ends a step: any other may have been read before the step was performed.
    pub fn on_intent_state(
        &self,
        state: &IntentState,
        order_is_cancelled: bool,
        now: Time,
    ) -> Option<Decision<Self>> {
        use PaymentStatus as Is;
        match (self.status, state) {
            (Is::RequiresPayment | Is::Authorized | Is::Voiding, IntentState::Canceled) => {
                Some(self.become_voided(now))
            }
            (Is::Capturing, IntentState::Canceled) => Some(self.become_failed(now)),
            (Is::Capturing, IntentState::Succeeded(totals)) => Some(self.become_captured(*totals, now)),
            (Is::Voiding, IntentState::Succeeded(totals)) => Some(self.become_refunding(*totals, now)),
            (
                Is::Captured | Is::Refunding | Is::Refunded | Is::Voided | Is::Failed,
                IntentState::Succeeded(totals),
            ) => self.on_totals(*totals, now),
            (Is::RequiresPayment | Is::Authorized, _) if order_is_cancelled => self.on_order_cancelled(now),
            // Captured by hand at Stripe: the order decides whether the money stays, as with any other payment.
            (Is::RequiresPayment, IntentState::Succeeded(totals)) => {
                Some(self.become_authorized(*totals, None, now))
            }
            (Is::RequiresPayment, IntentState::RequiresCapture { authorized_at }) => {
                Some(self.become_authorized(MoneyTotals::default(), *authorized_at, now))
            }
            (Is::RequiresPayment, IntentState::RequiresPaymentMethod(error))
                if *error != self.last_error && error.is_some() =>
            {
                let (last_error, schedule) = (error.clone(), self.next_poll(now));
                Some(Decision::without_event(Self { last_error, schedule, ..self.changed(now) }))
            }
            (Is::RequiresPayment | Is::Authorized, _) => Some(self.rescheduled(self.next_poll(now))),
            _ => None,
        }
    }

    /// Adopts the created `PaymentIntent`. Returns `None` if the payment has one.
    pub fn adopt(&self, intent: Intent, now: Time) -> Option<Decision<Self>> {
        if !self.is_to_be_created() {
            return None;
        }
        let schedule = match self.status {
            PaymentStatus::RequiresPayment => StepSchedule::poll_later(now, 0),
            _ => StepSchedule::due_now(now),
        };
        Some(Decision::without_event(Self { intent: Some(intent), schedule, ..self.changed(now) }))
    }

    /// Voids the payment, because no `PaymentIntent` was created and none is wanted anymore.
    pub fn nothing_was_created(&self, now: Time) -> Option<Decision<Self>> {
        self.is_to_be_created().then(|| self.become_voided(now))
    }

    /// Abandons the capture that Stripe refuses for good: what is left is to void the authorization.
    pub fn capture_refused(&self, why: CardError, now: Time) -> Option<Decision<Self>> {
        if self.status != PaymentStatus::Capturing || self.abandoning {
            return None;
        }
        let schedule = StepSchedule::due_now(now);
        let next = Self { last_error: Some(why), abandoning: true, schedule, ..self.changed(now) };
        Some(Decision::without_event(next))
    }

    fn become_authorized(
        &self,
        totals: MoneyTotals,
        authorized_at: Option<Time>,
        now: Time,
    ) -> Decision<Self> {
        let (status, schedule) = (PaymentStatus::Authorized, StepSchedule::poll_later(now, 0));
        let next = Self { status, schedule, totals, authorized_at, last_error: None, ..self.changed(now) }
            .booked(now);
        let event = Event::PaymentAuthorized(next.snapshot());
        Decision::with_event(next, event)
    }

    fn become_captured(&self, totals: MoneyTotals, now: Time) -> Decision<Self> {
        let (status, schedule) = (PaymentStatus::Captured, StepSchedule::done());
        // Refunded or disputed at Stripe before this service knew of the capture.
        let unconfirmed = totals.refunded > 0 || totals.dispute.is_some();
        let next = Self { status, totals, unconfirmed, schedule, ..self.changed(now) };
        let next = Self { abandoning: false, last_error: None, ..next }.booked(now);
        let event = Event::PaymentCaptured(next.snapshot());
        Decision::with_event(next, event)
    }

    fn become_voiding(&self, schedule: StepSchedule, now: Time) -> Decision<Self> {
        Decision::without_event(Self { status: PaymentStatus::Voiding, schedule, ..self.changed(now) })
    }

    fn become_voided(&self, now: Time) -> Decision<Self> {
        let (status, schedule) = (PaymentStatus::Voided, StepSchedule::done());
        let next = Self { status, schedule, ..self.changed(now) };
        let event = Event::PaymentVoided(next.snapshot());
        Decision::with_event(next, event)
    }

    fn become_failed(&self, now: Time) -> Decision<Self> {
        let (status, schedule) = (PaymentStatus::Failed, StepSchedule::done());
        let next = Self { status, schedule, ..self.changed(now) };
        let event = Event::PaymentFailed(next.snapshot());
        Decision::with_event(next, event)
    }

    pub(super) fn become_refunding(&self, totals: MoneyTotals, now: Time) -> Decision<Self> {
        let (status, schedule) = (PaymentStatus::Refunding, StepSchedule::due_now(now));
        Decision::without_event(Self { status, totals, schedule, ..self.changed(now) }.booked(now))
    }

    /// Whether the payment waits for its buyer or its order, so that its step is to poll Stripe.
    pub(super) fn is_polled(&self) -> bool {
        self.intent.is_some()
            && matches!(self.status, PaymentStatus::RequiresPayment | PaymentStatus::Authorized)
    }

    fn next_poll(&self, now: Time) -> StepSchedule {
        StepSchedule::poll_later(now, self.schedule.attempts)
    }
}
