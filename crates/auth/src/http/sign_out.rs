//! `POST /api/users/signout`: end the session.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use common::Problem;
use common::http::{Caching, HttpContext, ProblemBody, SessionCookie};

use crate::Accounts;

/// Sign out
///
/// The session counts nowhere any more, even where its token has not run out. Also without a session.
#[utoipa::path(
    post,
    path = "/api/users/signout",
    tag = "users",
    responses(
        (status = 204, description = "The session is over; the cookie is taken away"),
        (status = 503, description = "Try again; see `Retry-After`", body = ProblemBody),
    )
)]
pub(super) async fn sign_out(
    State(accounts): State<Accounts>,
    context: HttpContext,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let cookie = SessionCookie::of(&context);
    let claims = match cookie.read(&headers) {
        Some(token) => context.sessions.signed(&token).await?,
        None => None,
    };
    if let Some(claims) = claims {
        accounts.revoke_here(claims.sid, &context).await?;
    }
    let cleared = cookie.clear().map(|cookie| [(SET_COOKIE, cookie)]);
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, Caching::Private.header())], cleared, ()).into_response())
}
