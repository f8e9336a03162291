//! `GET /api/users/sessions`, and `DELETE` of one or of all others

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::response::{IntoResponse, Response};
use common::http::responses::{NotFound, NotSignedIn, VersionChanged};
use common::http::{Caching, CurrentUser, HostCookie, HttpContext, IfMatch, PathId};
use common::{Problem, SessionId, Time};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Accounts;
use crate::domain::{Session, What};
use crate::throttle::Origin;

/// The caller's sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionList {
    /// Newest first, at most 100.
    items: Vec<SessionView>,
}

/// A session of the caller on a device.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub(super) struct SessionView {
    /// The id of the session.
    id: SessionId,
    /// When the caller signed in.
    created_at: Time,
    /// When the session was last used, to 5 minutes.
    last_seen_at: Time,
    /// The `User-Agent` of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    /// Whether this is the session of the request.
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

/// The caller's live sessions.
#[utoipa::path(
    get,
    path = "/api/users/sessions",
    tag = "users",
    responses((status = 200, description = "The sessions.", body = SessionList), NotSignedIn),
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    user: CurrentUser,
) -> Result<impl IntoResponse, Problem> {
    let sessions = accounts.sessions_of(user.id).await?;
    let items = sessions.into_iter().map(|session| SessionView::new(session, user.session)).collect();
    Ok(([(CACHE_CONTROL, Caching::Private.header())], Json(SessionList { items })))
}

/// Revokes one of the caller's sessions.
///
/// If it is the session of the request, the cookie is removed.
#[utoipa::path(
    delete,
    path = "/api/users/sessions/{id}",
    tag = "users",
    params(
        ("id" = SessionId, Path, description = "The session."),
        ("If-Match" = Option<String>, Header, description = "`*`: the version of a session is not published."),
    ),
    responses(
        (status = 204, description = "Revoked, now or before."),
        NotSignedIn,
        NotFound,
        VersionChanged,
    ),
)]
pub(super) async fn revoke(
    State(accounts): State<Accounts>,
    context: HttpContext,
    user: CurrentUser,
    from: Origin,
    id: PathId<SessionId>,
    seen: IfMatch,
) -> Result<Response, Problem> {
    let session = accounts.sessions.get(id.parse()?).await?;
    let session = session.filter(|session| session.user_id == user.id).ok_or_else(Problem::not_found)?;
    seen.check(session.version)?;
    if accounts.revoke_session(session.id, &context).await? {
        accounts.store_activity(user.id, What::SessionRevoked, &from).await;
    }
    let cleared = if session.id == user.session { HostCookie::session(&context).clear() } else { None };
    Ok((StatusCode::NO_CONTENT, cleared.map(|cookie| [(SET_COOKIE, cookie)]), ()).into_response())
}

/// Revokes the caller's other sessions.
#[utoipa::path(
    delete,
    path = "/api/users/sessions",
    tag = "users",
    responses((status = 204, description = "Only the session of the request is live."), NotSignedIn),
)]
pub(super) async fn revoke_others(
    State(accounts): State<Accounts>,
    context: HttpContext,
    user: CurrentUser,
    from: Origin,
) -> Result<StatusCode, Problem> {
    accounts.revoke_sessions(user.id, Some(user.session), &context).await?;
    accounts.store_activity(user.id, What::SessionsRevoked, &from).await;
    Ok(StatusCode::NO_CONTENT)
}
