//! What a failed call to Stripe means.

use stripe::{ApiErrors, ApiErrorsCode, StripeError};

use crate::domain::CardError;

/// A call to Stripe failed. Nothing in it repeats what was sent or received, since that may hold a client secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// Stripe is away, slow, busy or at odds with our key: the same call may succeed later. It is not known whether it
    /// was performed. When to come again is for us to say: Stripe asks for growing pauses
    /// (<https://docs.stripe.com/rate-limits>), and the client shows no header of the answer.
    ///
    /// `kept`: Stripe may keep this very answer under the idempotency key for 24 hours and give it again and again
    /// (<https://docs.stripe.com/api/idempotent_requests>): it keeps what an endpoint answered once it had begun, which
    /// for a failure is a 500. What stands in front of the endpoints (429, 502, 503, 504) is not kept.
    #[error("Stripe did not do it: {cause}")]
    Transient {
        /// What it looked like.
        cause: String,
        /// See above.
        kept: bool,
    },
    /// There is no such object under our key.
    #[error("Stripe knows no such object")]
    Missing,
    /// The object's state does not allow it: look at the object, then decide.
    #[error("the object's state does not allow it")]
    UnexpectedState,
    /// Stripe refuses for good.
    #[error("Stripe refuses: {}", .0.code)]
    Final(CardError),
}

impl Failure {
    pub(crate) fn away(cause: impl Into<String>) -> Self {
        Self::Transient { cause: cause.into(), kept: false }
    }

    /// Whether the idempotency key leads nowhere any more: Stripe may give this very answer again and again, even once
    /// its reason is gone.
    pub(crate) fn uses_up_the_key(&self) -> bool {
        !matches!(self, Self::Transient { kept: false, .. } | Self::Missing)
    }
}

impl From<StripeError> for Failure {
    fn from(error: StripeError) -> Self {
        match error {
            StripeError::Stripe(error, status) => answered(status, &error),
            StripeError::Timeout => Self::away("no answer in time"),
            StripeError::ClientError(words) => Self::away(format!("no connection: {words}")),
            StripeError::ConfigError(words) => Self::away(format!("the client is not configured: {words}")),
            // An error page of something between us, or a reply of a newer API than the client knows.
            StripeError::JSONDeserialize(words) => Self::away(format!("an unreadable answer: {words}")),
        }
    }
}

fn answered(status: u16, error: &ApiErrors) -> Failure {
    let code = error.code.as_ref().map_or_else(|| error.type_.as_str(), ApiErrorsCode::as_str);
    match (status, error.code.as_ref()) {
        (404, _) => Failure::Missing,
        // 401 and 403 say that our key is wrong, which somebody will notice and put right; no payment is at fault.
        // 409: another request with the same idempotency key is under way, or the object is locked.
        (401 | 403 | 409 | 429 | 500.., _) => {
            Failure::Transient { cause: format!("{status} {code}"), kept: status == 500 }
        }
        (
            _,
            Some(
                ApiErrorsCode::PaymentIntentUnexpectedState
                | ApiErrorsCode::ChargeAlreadyCaptured
                | ApiErrorsCode::ChargeExpiredForCapture,
            ),
        ) => Failure::UnexpectedState,
        _ => Failure::Final(card_error(error)),
    }
}

/// The code and the sentence, which Stripe writes for the buyer's eyes when it is about their card.
pub(super) fn card_error(error: &ApiErrors) -> CardError {
    let code = error.code.as_ref().map_or_else(|| error.type_.as_str(), ApiErrorsCode::as_str).to_owned();
    let message = match (&error.type_, &error.message) {
        (stripe::ApiErrorsType::CardError, Some(message)) => message.clone(),
        _ => "The card could not be charged.".to_owned(),
    };
    CardError { code, message }
}
