//! Replies with an entity tag: a resource, and a created resource with its location.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::conditional::version_tag;
use crate::Problem;

/// The `Cache-Control` of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// `public, no-cache`: shared caches store it and revalidate each use.
    Public,
    /// `private, no-store`: no cache stores it.
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

/// A resource at a version: `200` with `ETag` and `Cache-Control`.
#[derive(Debug)]
pub struct Versioned<T> {
    /// The version.
    pub version: u64,
    /// The caching rule.
    pub caching: Caching,
    /// The representation.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        tagged(StatusCode::OK, self.version, self.caching, self.body)
    }
}

/// A new resource: `201` with `Location` and `ETag`.
#[derive(Debug)]
pub struct Created<T> {
    /// The path, such as `/api/tickets/…`.
    pub location: String,
    /// The version.
    pub version: u64,
    /// The representation.
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
