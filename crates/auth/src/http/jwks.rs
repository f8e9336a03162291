//! `GET /api/users/jwks.json`

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, ETAG};
use axum::response::{IntoResponse, Response};
use common::Problem;
use common::http::responses::NotModified;

use crate::Accounts;
use crate::keys::PublicKeys;

/// Much shorter than the day that a key is published before it signs.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The keys that verify session tokens.
#[utoipa::path(
    get,
    path = "/api/users/jwks.json",
    tag = "users",
    responses((status = 200, description = "A JSON Web Key Set (RFC 7517).", body = PublicKeys), NotModified),
)]
pub(super) async fn jwks(State(accounts): State<Accounts>) -> Result<Response, Problem> {
    let public = accounts.keyring.public();
    // Keys never change, and are added and removed one at a time: the newest and the number identify the set.
    let newest = public.keys.last().map_or("none", |key| key.kid.as_str());
    let tag =
        HeaderValue::try_from(format!("\"{newest}-{}\"", public.keys.len())).map_err(Problem::internal)?;
    Ok(([(CACHE_CONTROL, CACHING), (ETAG, tag)], Json(public)).into_response())
}
