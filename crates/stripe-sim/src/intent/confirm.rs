//! Confirming a `PaymentIntent`, and what the buyer's bank says after 3-D Secure.

use super::{CaptureMethod, PaymentError, PaymentIntent, Refusal, Status, Step, Subject, Terms};
use crate::card::{Behaviour, Failure, PaymentMethod};
use crate::charge::{Charge, ChargeState};
use crate::event::EventType;

/// One try to pay.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// With what; `None`: with what was given before.
    pub(crate) method: Option<PaymentMethod>,
    /// Where the buyer's bank sends the browser back to.
    pub(crate) return_url: Option<String>,
    /// Where a receipt is sent.
    pub(crate) receipt_email: Option<String>,
}

impl PaymentIntent {
    /// Tries to charge the card.
    pub(crate) fn confirm(&self, attempt: Attempt, terms: Terms) -> Result<Step, Refusal> {
        if !self.status.may_be_confirmed() {
            return Err(Refusal::UnexpectedState("confirm"));
        }
        let method =
            attempt.method.or_else(|| self.payment_method.clone()).ok_or(Refusal::NoPaymentMethod)?;
        let mut next = self.clone();
        next.payment_method = Some(method.clone());
        next.return_url = attempt.return_url.or(next.return_url);
        next.texts.receipt_email = attempt.receipt_email.or(next.texts.receipt_email);
        next.last_payment_error = None;
        if method.behaviour.authenticates() {
            next.status = Status::RequiresAction;
            return Ok(Step::of(next).announcing(EventType::RequiresAction, Subject::Intent));
        }
        Ok(next.charge(method, terms))
    }

    /// The buyer said yes or no to the bank.
    pub(crate) fn authenticate(&self, accepted: bool, terms: Terms) -> Result<Step, Refusal> {
        let Some(method) = self.payment_method.clone().filter(|_| self.status == Status::RequiresAction)
        else {
            return Err(Refusal::UnexpectedState("authenticate"));
        };
        let next = self.clone();
        let step = if accepted {
            next.charge(method, terms)
        } else {
            next.failed(Failure::AuthenticationFailed, None, method)
        };
        // The caller of the challenge did what it wanted to; a failure is told to those who look at the payment.
        Ok(Step { failure: None, ..step })
    }

    /// Asks the bank for the money.
    fn charge(mut self, method: PaymentMethod, terms: Terms) -> Step {
        let failure = match method.behaviour {
            Behaviour::Fails(failure) | Behaviour::AuthenticatesThenFails(failure) => Some(failure),
            _ => None,
        };
        let place = crate::id::place(self.charges.len());
        self.charges.push(Charge {
            created: terms.now,
            amount: self.amount,
            state: failure.map_or(ChargeState::Authorized, ChargeState::Failed),
            method: method.clone(),
            authenticated: self.status == Status::RequiresAction,
            description: self.texts.description.clone(),
            metadata: self.metadata.clone(),
        });
        if let Some(failure) = failure {
            let mut step = self.failed(failure, Some(place), method);
            step.events.insert(0, (EventType::ChargeFailed, Subject::Charge(place)));
            return step;
        }
        let (next, event) = if self.capture_method == CaptureMethod::Manual {
            self.status = Status::RequiresCapture;
            (self, EventType::AmountCapturableUpdated)
        } else {
            let amount = self.amount;
            (self.take(place, amount, terms), EventType::Succeeded)
        };
        Step::of(next)
            .announcing(EventType::ChargeSucceeded, Subject::Charge(place))
            .announcing(event, Subject::Intent)
    }

    fn failed(mut self, failure: Failure, charge: Option<u32>, method: PaymentMethod) -> Step {
        self.status = Status::RequiresPaymentMethod;
        self.payment_method = None;
        self.last_payment_error = Some(PaymentError { failure, charge, method });
        let step = Step::of(self).announcing(EventType::PaymentFailed, Subject::Intent);
        Step { failure: Some(failure), ..step }
    }
}
