//! What the caller is told when something is refused.

use axum::http::StatusCode;
use common::Problem;

use crate::accounts::{SignInError, SignUpError};
use crate::domain::Ended;
use crate::keys::KeyError;
use crate::password::HashError;

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::EmailTaken => Self::conflict(
                "email-taken",
                "There is an account for this address already; sign in instead.",
            ),
            SignUpError::Hash(error) => error.into(),
            SignUpError::Commit(error) => error.into(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wait(wait) => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-attempts",
                "Too many sign-ins have failed; wait as long as `Retry-After` says, then try again.",
            )
            .retry_after(wait),
            SignInError::InvalidCredentials => Self::new(
                StatusCode::UNAUTHORIZED,
                "invalid-credentials",
                "The e-mail address or the password is not right; check both and try again.",
            ),
            SignInError::Hash(error) => error.into(),
            SignInError::Store(error) => error.into(),
            SignInError::Commit(error) => error.into(),
        }
    }
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::unavailable().caused_by(error),
            HashError::Failed(_) => Self::internal(error),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            KeyError::Unusable(_) => Self::internal(error),
        }
    }
}

impl From<Ended> for Problem {
    fn from(_: Ended) -> Self {
        Self::not_signed_in()
    }
}
