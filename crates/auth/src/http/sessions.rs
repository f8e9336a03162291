//! `/api/users/sessions`: the devices on which somebody is signed in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use common::http::{Caching, CurrentUser, HttpContext, IfMatch, PathId, ProblemBody, SessionCookie};
use common::{Problem, SessionId, Time};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Accounts;
use crate::domain::Session;

/// Everywhere that the caller is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionList {
    /// Newest first, at most 100.
    items: Vec<SessionView>,
}

/// A device on which the caller is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub(super) struct SessionView {
    id: SessionId,
    /// When the caller signed in there.
    created_at: Time,
    /// When the device last asked who it is, to 5 minutes.
    last_seen_at: Time,
    /// What the device calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    /// Whether it is the one that asks.
    current: bool,
}

impl SessionView {
    fn new(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            user_agent: session.user_agent,
            current: session.id == current,
        }
    }
}

/// Where the caller is signed in
#[utoipa::path(
    get,
    path = "/api/users/sessions",
    tag = "users",
    responses(
        (status = 200, description = "The caller's sessions", body = SessionList),
        (status = 401, description = "`not-signed-in`", body = ProblemBody),
    )
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    person: CurrentUser,
) -> Result<impl IntoResponse, Problem> {
    let sessions = accounts.sessions_of(person.id).await?;
    let items = sessions.into_iter().map(|session| SessionView::new(session, person.session)).collect();
    Ok(([(CACHE_CONTROL, Caching::Private.header())], Json(SessionList { items })))
}

/// Sign one device out
///
/// Its session counts nowhere any more. If it is the caller's own, the cookie is taken away.
#[utoipa::path(
    delete,
    path = "/api/users/sessions/{id}",
    tag = "users",
    params(
        ("id" = SessionId, Path),
        ("If-Match" = Option<String>, Header, description = "`*`: sessions do not show their versions"),
    ),
    responses(
        (status = 204, description = "It is over, or was already"),
        (status = 401, description = "`not-signed-in`", body = ProblemBody),
        (status = 404, description = "`not-found`: no session of the caller's", body = ProblemBody),
        (status = 412, description = "`version-changed`", body = ProblemBody),
    )
)]
pub(super) async fn revoke(
    State(accounts): State<Accounts>,
    context: HttpContext,
    person: CurrentUser,
    id: PathId<SessionId>,
    seen: IfMatch,
) -> Result<Response, Problem> {
    let session = accounts.sessions.get(id.parse()?).await?;
    let session = session.filter(|session| session.user_id == person.id).ok_or_else(Problem::not_found)?;
    seen.check(session.version)?;
    accounts.revoke_here(session.id, &context).await?;
    let cleared = if session.id == person.session { SessionCookie::of(&context).clear() } else { None };
    Ok((StatusCode::NO_CONTENT, cleared.map(|cookie| [(SET_COOKIE, cookie)]), ()).into_response())
}

/// Sign all other devices out
#[utoipa::path(
    delete,
    path = "/api/users/sessions",
    tag = "users",
    responses(
        (status = 204, description = "The caller is signed in nowhere else"),
        (status = 401, description = "`not-signed-in`", body = ProblemBody),
    )
)]
pub(super) async fn revoke_others(
    State(accounts): State<Accounts>,
    context: HttpContext,
    person: CurrentUser,
) -> Result<StatusCode, Problem> {
    accounts.revoke_others(&person, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}
