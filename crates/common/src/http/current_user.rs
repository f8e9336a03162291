//! The extractor of the signed-in user.

use std::fmt;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use super::token::KeysUnavailable;
use super::{EmailNotVerified, HttpContext, VerifiedEmail};
use crate::{Problem, SessionId, UserId};

/// The signed-in user; without one the request is refused with 401, and with 503 while auth's keys are unavailable.
/// `Option<CurrentUser>` refuses only the latter.
#[derive(Clone, PartialEq, Eq)]
pub struct CurrentUser {
    /// The user.
    pub id: UserId,
    /// The email address.
    pub email: String,
    /// The session.
    pub session: SessionId,
    /// The actions that the user may take only once the address is verified: `Off` if it is.
    needs_verified: VerifiedEmail,
}

/// Omits the address, which is personal data.
impl fmt::Debug for CurrentUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, session, .. } = self;
        f.debug_struct("CurrentUser").field("id", id).field("session", session).finish_non_exhaustive()
    }
}

impl CurrentUser {
    /// The user whose session token is in these headers; of several, the first that is valid.
    ///
    /// # Errors
    /// The key of the token is unknown and auth is unavailable.
    pub async fn of(
        context: &HttpContext,
        headers: &http::HeaderMap,
    ) -> Result<Option<Self>, KeysUnavailable> {
        let claims = context.valid_session(headers).await?;
        Ok(claims.map(|claims| Self {
            id: claims.sub,
            email: claims.email.clone(),
            session: claims.sid,
            needs_verified: if claims.verified { VerifiedEmail::Off } else { context.verified_email },
        }))
    }

    /// Whether the user may list and edit tickets.
    ///
    /// # Errors
    /// The address must be verified before.
    pub fn may_sell(&self) -> Result<(), EmailNotVerified> {
        if self.needs_verified.to_sell() { Err(EmailNotVerified) } else { Ok(()) }
    }

    /// Whether the user may order and pay.
    ///
    /// # Errors
    /// The address must be verified before.
    pub fn may_buy(&self) -> Result<(), EmailNotVerified> {
        if self.needs_verified.to_buy() { Err(EmailNotVerified) } else { Ok(()) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        found.ok_or_else(Problem::not_signed_in)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for CurrentUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        // The idempotency layer may have verified the token already.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(Some(known.clone()));
        }
        let context = HttpContext::from_request_parts(parts, state).await?;
        Ok(Self::of(&context, &parts.headers).await?)
    }
}
