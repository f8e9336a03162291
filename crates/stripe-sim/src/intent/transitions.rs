//! The commands of a payment: confirm, authenticate, capture and cancel.

use super::{
    CancellationReason, CaptureMethod, Context, PaymentError, PaymentIntent, Refusal, Status, Subject,
    Transition,
};
use crate::balance::{Reason, Transaction};
use crate::card::{Behavior, PaymentMethod};
use crate::charge::{Charge, ChargeState};
use crate::event::EventType;
use crate::failure::Failure;

/// One attempt to pay.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// `None`: the payment's present method.
    pub(crate) method: Option<PaymentMethod>,
    /// The address to which the buyer's bank returns the browser.
    pub(crate) return_url: Option<String>,
    /// The address for a receipt.
    pub(crate) receipt_email: Option<String>,
}

impl PaymentIntent {
    /// Charges the card, or requires 3-D Secure first.
    pub(crate) fn confirm(&self, attempt: Attempt, context: Context) -> Result<Transition, Refusal> {
        if !self.status.can_be_confirmed() {
            return Err(Refusal::UnexpectedState("confirm"));
        }
        let method =
            attempt.method.or_else(|| self.payment_method.clone()).ok_or(Refusal::NoPaymentMethod)?;
        let mut next = self.clone();
        next.payment_method = Some(method.clone());
        next.return_url = attempt.return_url.or(next.return_url);
        next.texts.receipt_email = attempt.receipt_email.or(next.texts.receipt_email);
        next.last_payment_error = None;
        if method.behavior.authenticates() {
            next.status = Status::RequiresAction;
            return Ok(Transition::of(next).with_event(EventType::RequiresAction, Subject::Intent));
        }
        Ok(next.charge(method, context))
    }

    /// Applies the outcome of 3-D Secure.
    pub(crate) fn authenticate(&self, accepted: bool, context: Context) -> Result<Transition, Refusal> {
        let Some(method) = self.payment_method.clone().filter(|_| self.status == Status::RequiresAction)
        else {
            return Err(Refusal::UnexpectedState("authenticate"));
        };
        let next = self.clone();
        let transition = if accepted {
            next.charge(method, context)
        } else {
            next.failed(Failure::AuthenticationFailed, None, method)
        };
        // The challenge itself succeeded; a failure shows in the payment.
        Ok(Transition { failure: None, ..transition })
    }

    /// Asks the bank for an authorization.
    fn charge(mut self, method: PaymentMethod, context: Context) -> Transition {
        let failure = match method.behavior {
            Behavior::Fails(failure) | Behavior::AuthenticatesThenFails(failure) => Some(failure),
            _ => None,
        };
        let position = crate::id::position(self.charges.len());
        self.charges.push(Charge {
            created: context.now,
            amount: self.amount,
            state: failure.map_or(ChargeState::Authorized, ChargeState::Failed),
            method: method.clone(),
            authenticated: self.status == Status::RequiresAction,
            description: self.texts.description.clone(),
            metadata: self.metadata.clone(),
        });
        if let Some(failure) = failure {
            let mut transition = self.failed(failure, Some(position), method);
            transition.events.insert(0, (EventType::ChargeFailed, Subject::Charge(position)));
            return transition;
        }
        let (next, event) = if self.capture_method == CaptureMethod::Manual {
            self.status = Status::RequiresCapture;
            (self, EventType::AmountCapturableUpdated)
        } else {
            let amount = self.amount;
            (self.with_capture(position, amount, context), EventType::Succeeded)
        };
        Transition::of(next)
            .with_event(EventType::ChargeSucceeded, Subject::Charge(position))
            .with_event(event, Subject::Intent)
    }

    fn failed(mut self, failure: Failure, charge: Option<u32>, method: PaymentMethod) -> Transition {
        self.status = Status::RequiresPaymentMethod;
        self.payment_method = None;
        self.last_payment_error = Some(PaymentError { failure, charge, method });
        let transition = Transition::of(self).with_event(EventType::PaymentFailed, Subject::Intent);
        Transition { failure: Some(failure), ..transition }
    }

    /// Captures `amount`, or all, and releases the rest.
    pub(crate) fn capture(&self, amount: Option<i64>, context: Context) -> Result<Transition, Refusal> {
        let Some(charge) = self.latest_charge().filter(|_| self.status == Status::RequiresCapture) else {
            return Err(Refusal::UnexpectedState("capture"));
        };
        let amount = amount.unwrap_or(self.amount);
        if amount > self.amount {
            return Err(Refusal::ExceedsAuthorization);
        }
        let transition = Transition::of(self.clone().with_capture(charge, amount, context));
        Ok(transition
            .with_event(EventType::ChargeCaptured, Subject::Charge(charge))
            .with_event(EventType::Succeeded, Subject::Intent))
    }

    /// The state after a capture of this charge.
    fn with_capture(mut self, position: u32, amount: i64, context: Context) -> Self {
        self.status = Status::Succeeded;
        self.amount_received = amount;
        if let Some(charge) = self.charges.get_mut(position as usize) {
            charge.state = ChargeState::Captured { amount, at: context.now };
            let at_once = charge.method.behavior.is_available_at_once();
            let fee = context.fees.of_charge(amount);
            let reason = Reason::Charge { charge: position };
            self.transactions
                .push(Transaction::new(reason, amount, fee, context.now).available_at_once(at_once));
        }
        self
    }

    /// Cancels the payment and voids its authorization.
    pub(crate) fn cancel(
        &self,
        reason: Option<CancellationReason>,
        context: Context,
    ) -> Result<Transition, Refusal> {
        if !self.status.can_be_canceled() {
            return Err(Refusal::UnexpectedState("cancel"));
        }
        let transition = self.canceled(reason, ChargeState::Released, context);
        Ok(transition.with_event(EventType::Canceled, Subject::Intent))
    }

    /// A canceled payment, with the charge state that ends an authorization. Not a refund: nothing was captured
    /// (<https://docs.stripe.com/changelog/basil/2025-03-31/remove-refund-from-partial-capture-and-payment-cancellation-flow>).
    pub(super) fn canceled(
        &self,
        reason: Option<CancellationReason>,
        end: ChargeState,
        context: Context,
    ) -> Transition {
        let mut next = Self {
            status: Status::Canceled,
            canceled_at: Some(context.now),
            cancellation_reason: reason,
            ..self.clone()
        };
        if let Some(charge) = next.charges.last_mut().filter(|charge| charge.state == ChargeState::Authorized)
        {
            charge.state = end;
        }
        Transition::of(next)
    }
}
