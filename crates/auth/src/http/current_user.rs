//! `GET /api/users/currentuser`

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use common::http::token::Claims;
use common::http::{Caching, HostCookie, HttpContext};
use common::{Problem, Time};
use serde::Serialize;
use store::UpdateError;
use utoipa::ToSchema;

use super::response::{UserView, cookie};
use crate::Accounts;
use crate::domain::Session;

/// The current user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CurrentUserBody {
    /// The user; `null` without a session.
    #[schema(required = true)]
    current_user: Option<UserView>,
}

/// The current user.
///
/// A token older than 5 minutes is replaced, even an expired one, while its session is live; so is one with a former address, or from before its
/// verification.
#[utoipa::path(
    get,
    path = "/api/users/currentuser",
    tag = "users",
    responses(
        (status = 200, description = "The user or `null`, and the session cookie if it changes.", body = CurrentUserBody),
    ),
)]
pub(super) async fn current_user(
    State(accounts): State<Accounts>,
    context: HttpContext,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let presented = HostCookie::session(&context);
    if presented.values(&headers).next().is_none() {
        return Ok(reply(None, None));
    }
    let now = context.clock.now();
    let Some(claims) = context.signed_session(&headers).await? else {
        return Ok(reply(None, presented.clear()));
    };
    let (session, user) = tokio::join!(accounts.refresh_session(claims.sid), accounts.user(claims.sub));
    match session {
        Ok(session) => {
            let user = user?;
            if user.has_ended(&session) {
                // The process that changed the password has not revoked the session.
                accounts.revoke_session(session.id, &context).await?;
                return Ok(reply(None, presented.clear()));
            }
            // The address may have changed, or been verified, since.
            let is_stale = now - issued_at(&claims) >= Session::REFRESH_INTERVAL
                || claims.email != user.email.as_str()
                || claims.verified != user.is_verified();
            let fresh = is_stale.then(|| cookie(&accounts, &context, &session, &user));
            Ok(reply(Some(UserView::of(user)), fresh.transpose()?))
        }
        Err(UpdateError::Refused(_)) => Ok(reply(None, presented.clear())),
        Err(error) => Err(error.into()),
    }
}

fn issued_at(claims: &Claims) -> Time {
    Time::from_millis(claims.iat.saturating_mul(1000))
}

fn reply(current_user: Option<UserView>, cookie: Option<HeaderValue>) -> Response {
    let caching = [(CACHE_CONTROL, Caching::Private.header())];
    let cookie = cookie.map(|cookie| [(SET_COOKIE, cookie)]);
    (caching, cookie, Json(CurrentUserBody { current_user })).into_response()
}
