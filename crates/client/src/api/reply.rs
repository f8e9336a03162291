//! What a service answered.

use std::time::Duration;

use axum::body::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::error::Body;
use super::{ApiError, Refusal};

/// What a service answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(super) status: StatusCode,
    /// Its headers; perhaps with `Set-Cookie`.
    pub(crate) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    /// The body.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            tracing::error!(%error, "a service answered in a form that is not known");
            ApiError::Away
        })
    }

    pub(super) fn or_error(self) -> Result<Self, ApiError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let problem = serde_json::from_slice::<Body>(&self.body).ok();
        if let Some(body) = problem.filter(|_| self.status.is_client_error()) {
            return Err(ApiError::Refused(Refusal::new(self.status, self.retry_after(), body)));
        }
        tracing::warn!(status = self.status.as_u16(), "a service failed");
        Err(ApiError::Away)
    }

    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}
