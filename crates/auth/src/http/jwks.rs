//! `GET /api/users/jwks.json`: the keys that session tokens are verified with.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, ETAG};
use axum::response::{IntoResponse, Response};
use common::Problem;

use crate::Accounts;
use crate::keys::PublicKeys;

/// For how long the list may be kept, in seconds: a key is published a day before it signs.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The keys that session tokens are verified with
#[utoipa::path(
    get,
    path = "/api/users/jwks.json",
    tag = "users",
    responses(
        (status = 200, description = "A JSON Web Key Set (RFC 7517)", body = PublicKeys),
        (status = 304, description = "It is as `If-None-Match` says"),
    )
)]
pub(super) async fn jwks(State(accounts): State<Accounts>) -> Result<Response, Problem> {
    let public = accounts.keyring.public();
    // Keys come and go one at a time and never change, so the newest and the number name the list.
    let newest = public.keys.last().map_or("none", |key| key.kid.as_str());
    let tag =
        HeaderValue::try_from(format!("\"{newest}-{}\"", public.keys.len())).map_err(Problem::internal)?;
    Ok(([(CACHE_CONTROL, CACHING), (ETAG, tag)], Json(public)).into_response())
}
