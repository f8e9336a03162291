//! Giving a payment up; an authorization is released.

use common::Time;
use serde::{Deserialize, Serialize};

use super::{PaymentIntent, Refusal, Status, Step};
use crate::error::ApiError;
use crate::event::EventType;

/// Why, in the caller's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CancellationReason {
    Duplicate,
    Fraudulent,
    RequestedByCustomer,
    Abandoned,
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
    pub(crate) fn cancel(&self, reason: Option<CancellationReason>, now: Time) -> Result<Step, Refusal> {
        if !self.status.may_be_canceled() {
            return Err(Refusal::UnexpectedState("cancel"));
        }
        let next = Self {
            status: Status::Canceled,
            canceled_at: Some(now),
            cancellation_reason: reason,
            ..self.clone()
        };
        Ok(Step::with(next, EventType::Canceled))
    }
}
