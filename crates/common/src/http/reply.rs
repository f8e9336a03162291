//! Replies: one thing with its entity tag, a created thing with its place, and 304.

use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION};
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;

use crate::Problem;

/// Who may keep a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Anybody, if they ask whether it is still right: `public, no-cache`.
    Public,
    /// Nobody but the caller's own program, and it not on disk: `private, no-store`.
    Private,
}

impl Caching {
    /// The header's value.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Public => "public, no-cache",
            Self::Private => "private, no-store",
        })
    }
}

/// The strong entity tag of a version (RFC 9110 section 8.8.3).
pub(super) fn version_tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// One thing at one version: `200` with `ETag` and `Cache-Control`.
#[derive(Debug)]
pub struct Versioned<T> {
    /// Its revision.
    pub version: u64,
    /// Who may keep it.
    pub caching: Caching,
    /// What it looks like.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        tagged(StatusCode::OK, self.version, self.caching, self.body)
    }
}

/// A new thing: `201` with `Location` and `ETag`.
#[derive(Debug)]
pub struct Created<T> {
    /// Its address, such as `/api/tickets/…`.
    pub location: String,
    /// Its revision.
    pub version: u64,
    /// What it looks like.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = tagged(StatusCode::CREATED, self.version, Caching::Private, self.body);
        match HeaderValue::try_from(self.location) {
            Ok(location) => response.headers_mut().insert(LOCATION, location),
            Err(error) => return Problem::internal(error).into_response(),
        };
        response
    }
}

fn tagged(status: StatusCode, version: u64, caching: Caching, body: impl Serialize) -> Response {
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(CACHE_CONTROL, caching.header());
    match HeaderValue::try_from(version_tag(version)) {
        Ok(tag) => response.headers_mut().insert(ETAG, tag),
        Err(error) => return Problem::internal(error).into_response(),
    };
    response
}

/// Turns a `200` whose entity tag the caller already has into a `304` (RFC 9110 section 13.1.2).
pub(super) struct NotModified {
    /// The tags that the caller has.
    seen: Option<HeaderValue>,
}

impl NotModified {
    /// What a request asks for.
    pub(super) fn asked(request: &Request) -> Self {
        let readable = matches!(*request.method(), Method::GET | Method::HEAD);
        Self { seen: if readable { request.headers().get(IF_NONE_MATCH).cloned() } else { None } }
    }

    /// The reply to it.
    pub(super) fn or(self, mut response: Response) -> Response {
        let Some(seen) = self.seen.filter(|_| response.status() == StatusCode::OK) else { return response };
        let Some(tag) = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok()) else {
            return response;
        };
        // `If-None-Match` compares weakly: a `W/` that a proxy put on makes no difference.
        let same = |one: &str| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag;
        if seen.to_str().is_ok_and(|seen| seen.split(',').map(str::trim).any(same)) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Body::empty();
            response.headers_mut().remove(CONTENT_LENGTH);
            response.headers_mut().remove(CONTENT_TYPE);
        }
        response
    }
}
