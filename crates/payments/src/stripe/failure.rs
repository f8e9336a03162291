//! What a failed call to Stripe means.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::CardError;

/// A call to Stripe failed. Nothing in it repeats what was sent or received, since that may hold a client secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// Stripe is away, slow, busy or at odds with our key: the same call may succeed later. It is not known whether it
    /// was performed.
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
        /// For how long Stripe wants to be left alone, if it said so.
        retry_after: Option<Duration>,
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
    /// Not before this time has passed Stripe wants to be asked again.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Transient { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(crate) fn away(cause: impl Into<String>) -> Self {
        Self::Transient { cause: cause.into(), kept: false, retry_after: None }
    }

    /// Whether the idempotency key leads nowhere any more: Stripe may give this very answer again and again, even once
    /// its reason is gone.
    pub(crate) fn uses_up_the_key(&self) -> bool {
        !matches!(self, Self::Transient { kept: false, .. } | Self::Missing)
    }
}

/// As much of Stripe's error as we rely on (<https://docs.stripe.com/api/errors>).
#[derive(Deserialize)]
struct Answer {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    r#type: String,
    code: Option<String>,
    message: Option<String>,
}

/// What an answer means that is not a success.
pub(super) fn answered(status: u16, body: &[u8], retry_after: Option<Duration>) -> Failure {
    // An error page of something between us has no reason in it.
    let reason = serde_json::from_slice::<Answer>(body).ok().map(|answer| answer.error);
    let code = reason.as_ref().map(|reason| reason.code.as_deref().unwrap_or(&reason.r#type));
    match (status, code) {
        (404, Some(_)) => Failure::Missing,
        // 401 and 403 say that our key is wrong, which somebody will notice and put right; no payment is at fault.
        // 409: another request with the same idempotency key is under way, or the object is locked.
        (401 | 403 | 409 | 429 | 500.., _) | (_, None) => {
            let cause = format!("{status} {}", code.unwrap_or("without a reason"));
            Failure::Transient { cause, kept: status == 500 && reason.is_some(), retry_after }
        }
        (
            _,
            Some(
                "payment_intent_unexpected_state" | "charge_already_captured" | "charge_expired_for_capture",
            ),
        ) => Failure::UnexpectedState,
        (_, Some(code)) => {
            let is_for_the_buyer = reason.as_ref().is_some_and(|reason| reason.r#type == CARD_ERROR);
            let message = reason.as_ref().and_then(|reason| reason.message.as_deref());
            Failure::Final(card_error(code, message.filter(|_| is_for_the_buyer)))
        }
    }
}

/// The type of the errors whose sentence Stripe writes for the buyer's eyes.
pub(super) const CARD_ERROR: &str = "card_error";

/// The code, and the sentence if there is one for the buyer's eyes.
pub(super) fn card_error(code: &str, message: Option<&str>) -> CardError {
    let message = message.unwrap_or("The card could not be charged.").to_owned();
    CardError { code: code.to_owned(), message }
}
