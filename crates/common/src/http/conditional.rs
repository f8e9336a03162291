//! Conditional requests: entity tags of versions, `If-None-Match` and `If-Match`.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

use crate::Problem;

/// The strong entity tag of a version (RFC 9110 section 8.8.3).
pub fn version_tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The `If-Match` condition of a `PUT` or `DELETE`, checked where the change is decided, so that no other change comes
/// in between.
#[derive(Debug, Clone)]
pub struct IfMatch(Vec<HeaderValue>);

impl IfMatch {
    /// Checks the condition against the current version.
    ///
    /// # Errors
    /// 412 if the condition names another version.
    pub fn check(&self, version: u64) -> Result<(), Problem> {
        let tag = version_tag(version);
        let matches = |value: &HeaderValue| {
            value
                .to_str()
                .is_ok_and(|tags| tags.split(',').map(str::trim).any(|one| one == "*" || one == tag))
        };
        if self.0.is_empty() || self.0.iter().any(matches) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "version-changed",
            "This has changed since you loaded it; load it again, then decide.",
        ))
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get_all(IF_MATCH).iter().cloned().collect()))
    }
}

/// The condition of a `GET`: a `200` with an entity tag of `If-None-Match` becomes a `304` (RFC 9110 section 13.1.2).
pub(super) struct NotModified {
    tags: Option<HeaderValue>,
}

impl NotModified {
    pub(super) fn requested(request: &Request) -> Self {
        let readable = matches!(*request.method(), Method::GET | Method::HEAD);
        Self { tags: if readable { request.headers().get(IF_NONE_MATCH).cloned() } else { None } }
    }

    /// The response to the conditional request.
    pub(super) fn or(self, mut response: Response) -> Response {
        let Some(tags) = self.tags.filter(|_| response.status() == StatusCode::OK) else { return response };
        let Some(tag) = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok()) else {
            return response;
        };
        // `If-None-Match` compares weakly: a `W/` added by a proxy makes no difference.
        let same = |one: &str| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag;
        if tags.to_str().is_ok_and(|tags| tags.split(',').map(str::trim).any(same)) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Body::empty();
            response.headers_mut().remove(CONTENT_LENGTH);
            response.headers_mut().remove(CONTENT_TYPE);
        }
        response
    }
}
