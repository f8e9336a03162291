//! `If-Match`: the caller names the version that it has seen.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::IF_MATCH;
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use super::reply::version_tag;
use crate::Problem;

/// The condition of a `PUT` or `DELETE`. Checked where the change is decided, so that nobody slips in between.
#[derive(Debug, Clone)]
pub struct IfMatch(Vec<HeaderValue>);

impl IfMatch {
    /// Whether the condition holds for this version.
    ///
    /// # Errors
    /// 412 if the caller has seen another version.
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
            "This has changed since you saw it; look at it again, then decide.",
        ))
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get_all(IF_MATCH).iter().cloned().collect()))
    }
}
