//! The replies that several routes share: a user, a user who has just signed in, and refusals as problems.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use common::http::{Caching, HostCookie, HttpContext};
use common::{Problem, UserId};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::Accounts;
use crate::accounts::{SignInError, SignUpError};
use crate::device::Device;
use crate::domain::{Email, Session, SessionEnded, TooManyEmails, User};
use crate::keys::KeyError;
use crate::passkeys::PasskeyError;
use crate::password::HashError;
use crate::throttle::Throttled;
use crate::verification::LinkError;

/// A user.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct UserView {
    /// The user's id.
    pub(super) id: UserId,
    /// The email address as typed.
    #[schema(value_type = String, format = Email, example = "ann@example.com")]
    pub(super) email: Email,
    /// Whether the user has proved that the address is theirs.
    pub(super) verified: bool,
}

impl UserView {
    pub(super) fn of(user: User) -> Self {
        Self { verified: user.is_verified(), id: user.id, email: user.email }
    }
}

/// The reply to a user who has just signed in, with the cookies of the session and of the browser.
pub(super) struct SignedIn {
    status: StatusCode,
    user: UserView,
    cookies: Vec<HeaderValue>,
}

impl SignedIn {
    /// Starts a session for this user on the device that sent these headers, in place of the one that it has.
    pub(super) async fn start_session(
        accounts: &Accounts,
        context: &HttpContext,
        headers: &HeaderMap,
        status: StatusCode,
        user: User,
    ) -> Result<Self, Problem> {
        let user_agent = headers.get(USER_AGENT).and_then(|name| name.to_str().ok());
        let session = accounts.start_session(&user, user_agent).await?;
        accounts.end_surplus_sessions(user.id, context).await?;
        if let Some(former) = context.signed_session(headers).await? {
            accounts.revoke_session(former.sid, context).await?;
        }
        let known = Device::of(headers, context, &accounts.key);
        let is_new_browser =
            status != StatusCode::CREATED && !known.as_ref().is_some_and(|it| it.knows(user.id));
        if is_new_browser {
            accounts.notify_of_new_browser(&user, &session).await?;
        }
        let device = Device::signed_in(known, user.id, &context.ids, context.clock.now());
        let cookies =
            [Some(cookie(accounts, context, &session, &user)?), device.cookie(context, &accounts.key)];
        let cookies = cookies.into_iter().flatten().collect();
        Ok(Self { status, user: UserView::of(user), cookies })
    }
}

impl IntoResponse for SignedIn {
    fn into_response(self) -> Response {
        let caching = [(CACHE_CONTROL, Caching::Private.header())];
        let mut response = (self.status, caching, Json(self.user)).into_response();
        for cookie in self.cookies {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

/// The cookie of a session, with a new token.
pub(super) fn cookie(
    accounts: &Accounts,
    context: &HttpContext,
    session: &Session,
    user: &User,
) -> Result<HeaderValue, Problem> {
    let token = accounts.token(session, user)?;
    HostCookie::session(context).set(&token).ok_or_else(|| Problem::internal("the token is no header value"))
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::EmailTaken => {
                Self::conflict("email-taken", "This email address has an account already; sign in instead.")
            }
            SignUpError::Hash(error) => error.into(),
            SignUpError::Commit(error) => error.into(),
        }
    }
}

impl From<PasskeyError> for Problem {
    fn from(error: PasskeyError) -> Self {
        match error {
            // One reply for every reason: an attacker learns neither which passkeys exist nor what was wrong.
            PasskeyError::Refused | PasskeyError::CounterWentBack(..) => Self::new(
                StatusCode::UNAUTHORIZED,
                "invalid-credentials",
                "This passkey is not accepted; try again, or sign in with your password.",
            ),
            PasskeyError::NotFound => Self::not_found(),
            PasskeyError::TooMany(_) => Self::conflict(
                "too-many-passkeys",
                "The account has 20 passkeys; remove one before you add another.",
            ),
            PasskeyError::Throttled(Throttled(delay)) => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-requests",
                "Too many passkey challenges are open; retry after the delay in `Retry-After`.",
            )
            .retry_after(delay),
            PasskeyError::NoAccount => Self::not_signed_in(),
            PasskeyError::Commit(error) => error.into(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Throttled(delay) => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-attempts",
                "Too many sign-ins have failed; retry after the delay in `Retry-After`.",
            )
            .retry_after(delay),
            SignInError::InvalidCredentials => Self::new(
                StatusCode::UNAUTHORIZED,
                "invalid-credentials",
                "The email address or the password is wrong; check both and try again.",
            ),
            SignInError::SecondFactorRequired { challenge, factors } => Self::new(
                StatusCode::UNAUTHORIZED,
                "second-factor-required",
                "Send a code of your authenticator app, or a recovery code, with this challenge.",
            )
            .with(json!({ "challenge": challenge.expose(), "factors": factors })),
            SignInError::InvalidCode => Self::new(
                StatusCode::UNAUTHORIZED,
                "invalid-code",
                "The code is wrong or was used; wait for the next one and try again.",
            ),
            SignInError::ChallengeExpired => Self::new(
                StatusCode::UNAUTHORIZED,
                "challenge-expired",
                "This sign-in took too long or had too many wrong codes; sign in again.",
            ),
            SignInError::Seed => Self::internal(error),
            SignInError::NoAccount => Self::not_signed_in(),
            SignInError::Hash(error) => error.into(),
            SignInError::Store(error) => error.into(),
            SignInError::Commit(error) => error.into(),
        }
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::AlreadyVerified => {
                Self::conflict("already-verified", "This email address is verified already.")
            }
            LinkError::TooMany(TooManyEmails(delay)) => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-requests",
                "Too many emails were requested; retry after the delay in `Retry-After`.",
            )
            .retry_after(delay),
            LinkError::TokenInvalid => Self::new(
                StatusCode::BAD_REQUEST,
                "token-invalid",
                "This link was used, replaced by a newer one, or is too old; request a new one.",
            ),
            LinkError::EmailTaken => SignUpError::EmailTaken.into(),
            LinkError::SignIn(error) => error.into(),
            LinkError::Commit(error) => error.into(),
        }
    }
}

/// Of a sign-up; a throttled sign-in is a `SignInError`.
impl From<Throttled> for Problem {
    fn from(Throttled(delay): Throttled) -> Self {
        let detail =
            "Too many accounts were created from this address; retry after the delay in `Retry-After`.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail).retry_after(delay)
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

impl From<SessionEnded> for Problem {
    fn from(_: SessionEnded) -> Self {
        Self::not_signed_in()
    }
}
