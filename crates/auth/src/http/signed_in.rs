//! The reply to somebody who has just signed in.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use common::http::{Caching, HttpContext, SessionCookie};
use common::{Problem, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Accounts;
use crate::domain::{Email, Session, User};

/// A person, as they see themselves.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct UserView {
    /// The person.
    pub(super) id: UserId,
    /// The address as it was typed.
    #[schema(value_type = String, format = Email, example = "ann@example.com")]
    pub(super) email: Email,
}

/// Who has signed in, and the cookie that proves it.
pub(super) struct SignedIn {
    status: StatusCode,
    user: UserView,
    cookie: HeaderValue,
}

impl SignedIn {
    /// Starts a session for this person on the device that sent these headers.
    pub(super) async fn start(
        accounts: &Accounts,
        context: &HttpContext,
        headers: &HeaderMap,
        status: StatusCode,
        user: User,
    ) -> Result<Self, Problem> {
        let user_agent = headers.get(USER_AGENT).and_then(|name| name.to_str().ok());
        let session = accounts.open_session(&user, user_agent).await?;
        let cookie = cookie(accounts, context, &session, user.email.as_str())?;
        Ok(Self { status, user: UserView { id: user.id, email: user.email }, cookie })
    }
}

/// The cookie for a session.
pub(super) fn cookie(
    accounts: &Accounts,
    context: &HttpContext,
    session: &Session,
    email: &str,
) -> Result<HeaderValue, Problem> {
    let token = accounts.token(session, email)?;
    SessionCookie::of(context).set(&token).ok_or_else(|| Problem::internal("a token that is no header value"))
}

impl IntoResponse for SignedIn {
    fn into_response(self) -> Response {
        let headers = [(CACHE_CONTROL, Caching::Private.header()), (SET_COOKIE, self.cookie)];
        (self.status, headers, Json(self.user)).into_response()
    }
}
