//! The meaning of a failed call to Stripe.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::CardError;

/// A failed call to Stripe. **Invariant:** no part of the request or reply is repeated, since both may hold a client secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StripeError {
    /// Stripe is unavailable, slow or overloaded, or refuses our key: a retry may succeed. Whether the call was performed
    /// is unknown.
    #[error("Stripe did not perform the call: {cause}")]
    Transient {
        /// The cause, for the log.
        cause: String,
        /// Whether Stripe may keep this very reply under the idempotency key for 24 hours
        /// (<https://docs.stripe.com/api/idempotent_requests>). Stripe keeps what an endpoint replied once it had begun,
        /// of the failures a 500. Replies of the layers before the endpoints (429, 502, 503, 504) are not kept.
        kept_under_key: bool,
        /// Stripe's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// Our account has no such object.
    #[error("Stripe has no such object")]
    NotFound,
    /// The object's state does not allow the call: read the object, then decide.
    #[error("the object's state does not allow the call")]
    UnexpectedState,
    /// Refused for good.
    #[error("Stripe refuses the call: {}", .0.code)]
    Refused(CardError),
}

impl StripeError {
    pub(crate) fn unavailable(cause: impl Into<String>) -> Self {
        Self::Transient { cause: cause.into(), kept_under_key: false, retry_after: None }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Transient { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the next attempt needs another idempotency key, since Stripe may repeat this reply even after its reason
    /// has gone.
    pub(crate) fn uses_up_the_key(&self) -> bool {
        !matches!(self, Self::Transient { kept_under_key: false, .. } | Self::NotFound)
    }
}

/// The part of Stripe's errors that decisions depend on (<https://docs.stripe.com/api/errors>).
#[derive(Deserialize)]
struct ErrorBody {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    r#type: String,
    code: Option<String>,
    message: Option<String>,
}

/// The meaning of a reply that is not a success.
pub(super) fn error_of(status: u16, body: &[u8], retry_after: Option<Duration>) -> StripeError {
    // An error page of a proxy has no reason.
    let reason = serde_json::from_slice::<ErrorBody>(body).ok().map(|body| body.error);
    let code = reason.as_ref().map(|reason| reason.code.as_deref().unwrap_or(&reason.r#type));
    match (status, code) {
        (404, Some(_)) => StripeError::NotFound,
        // 401, 403: our key is wrong; the operator will fix that, and no payment is at fault.
        // 409: a request with the same idempotency key is in flight, or the object is locked.
        (401 | 403 | 409 | 429 | 500.., _) | (_, None) => {
            let cause = format!("{status} {}", code.unwrap_or("without a reason"));
            let kept_under_key = status == 500 && reason.is_some();
            StripeError::Transient { cause, kept_under_key, retry_after }
        }
        (
            _,
            Some(
                "payment_intent_unexpected_state" | "charge_already_captured" | "charge_expired_for_capture",
            ),
        ) => StripeError::UnexpectedState,
        (_, Some(code)) => {
            let is_for_the_buyer = reason.as_ref().is_some_and(|reason| reason.r#type == CARD_ERROR);
            let message = reason.as_ref().and_then(|reason| reason.message.as_deref());
            StripeError::Refused(card_error(code, message.filter(|_| is_for_the_buyer)))
        }
    }
}

/// The type of the errors whose message Stripe writes for the buyer.
pub(super) const CARD_ERROR: &str = "card_error";

/// The error with Stripe's message, or with a general one if Stripe's is not for the buyer.
pub(super) fn card_error(code: &str, message: Option<&str>) -> CardError {
    let message = message.unwrap_or("The card could not be charged.").to_owned();
    CardError { code: code.to_owned(), message }
}
