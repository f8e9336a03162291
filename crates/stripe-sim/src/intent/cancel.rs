//! Giving a payment up; an authorization is released.

use serde::{Deserialize, Serialize};

use super::{PaymentIntent, Refusal, Status, Step, Subject, Terms};
use crate::charge::ChargeState;
use crate::error::ApiError;
use crate::event::EventType;

/// Why, in the caller's words or in Stripe's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CancellationReason {
    Duplicate,
    Fraudulent,
    RequestedByCustomer,
    Abandoned,
    /// Nobody captured in time; no caller may say so. Versions before 2025-03-31 called it `automatic`.
    Expired,
}

impl CancellationReason {
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        match text {
            "duplicate" => Ok(Self::Duplicate),
            "fraudulent" => Ok(Self::Fraudulent),
            "requested_by_customer" => Ok(Self::RequestedByCustomer),
            "abandoned" => Ok(Self::Abandoned),
            _ => {
                let message = "Invalid cancellation_reason: must be one of duplicate, fraudulent, \
                               requested_by_customer, or abandoned";
                Err(ApiError::invalid(message).about_parameter("cancellation_reason"))
            }
        }
    }
}

impl PaymentIntent {
    /// Ends it; no money moves any more.
    pub(crate) fn cancel(&self, reason: Option<CancellationReason>, terms: Terms) -> Result<Step, Refusal> {
        if !self.status.may_be_canceled() {
            return Err(Refusal::UnexpectedState("cancel"));
        }
        let step = self.canceled(reason, ChargeState::Released, terms);
        Ok(step.announcing(EventType::Canceled, Subject::Intent))
    }

    /// Canceled, with what becomes of an authorization. Neither is a refund: nothing was taken
    /// (<https://docs.stripe.com/changelog/basil/2025-03-31/remove-refund-from-partial-capture-and-payment-cancellation-flow>).
    pub(super) fn canceled(
        &self,
        reason: Option<CancellationReason>,
        end: ChargeState,
        terms: Terms,
    ) -> Step {
        let mut next = Self {
            status: Status::Canceled,
            canceled_at: Some(terms.now),
            cancellation_reason: reason,
            ..self.clone()
        };
        if let Some(charge) = next.charges.last_mut().filter(|charge| charge.state == ChargeState::Authorized)
        {
            charge.state = end;
        }
        Step::of(next)
    }
}
