//! Confirming a `PaymentIntent`, and what the buyer's bank says after 3-D Secure.

use super::{CaptureMethod, PaymentError, PaymentIntent, Refusal, Status, Step};
use crate::card::{Behaviour, Failure, PaymentMethod};
use crate::event::EventType;

/// One try to pay.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// With what; `None`: with what was given before.
    pub(crate) method: Option<PaymentMethod>,
    /// The id of the charge if it comes to one.
    pub(crate) charge: String,
    /// Where the buyer's bank sends the browser back to.
    pub(crate) return_url: Option<String>,
}

impl PaymentIntent {
    /// Tries to charge the card.
    pub(crate) fn confirm(&self, attempt: Attempt) -> Result<Step, Refusal> {
        if !self.status.may_be_confirmed() {
            return Err(Refusal::UnexpectedState("confirm"));
        }
        let method =
            attempt.method.or_else(|| self.payment_method.clone()).ok_or(Refusal::NoPaymentMethod)?;
        let behaviour = method.behaviour;
        let mut next = self.clone();
        next.payment_method = Some(method);
        next.return_url = attempt.return_url.or(next.return_url);
        next.last_payment_error = None;
        Ok(match behaviour {
            Behaviour::Succeeds => next.charged(attempt.charge),
            Behaviour::Fails(failure) => next.failed(failure, Some(attempt.charge)),
            Behaviour::Authenticates => {
                next.status = Status::RequiresAction;
                Step::with(next, EventType::RequiresAction)
            }
        })
    }

    /// The buyer said yes or no to the bank.
    pub(crate) fn authenticate(&self, accepted: bool, charge: String) -> Result<Step, Refusal> {
        if self.status != Status::RequiresAction {
            return Err(Refusal::UnexpectedState("authenticate"));
        }
        let next = self.clone();
        if accepted {
            return Ok(next.charged(charge));
        }
        // The caller of the challenge did what it wanted to; the failure is told to those who look at the payment.
        Ok(Step { failure: None, ..next.failed(Failure::AuthenticationFailed, None) })
    }

    fn charged(mut self, charge: String) -> Step {
        self.latest_charge = Some(charge);
        if self.capture_method == CaptureMethod::Manual {
            self.status = Status::RequiresCapture;
            return Step::with(self, EventType::AmountCapturableUpdated);
        }
        self.status = Status::Succeeded;
        self.amount_received = self.amount;
        Step::with(self, EventType::Succeeded)
    }

    fn failed(mut self, failure: Failure, charge: Option<String>) -> Step {
        self.status = Status::RequiresPaymentMethod;
        self.payment_method = None;
        self.latest_charge = charge.clone().or(self.latest_charge);
        self.last_payment_error = Some(PaymentError { failure, charge });
        Step { failure: Some(failure), ..Step::with(self, EventType::PaymentFailed) }
    }
}
