//! Replies of the services: a body, a refusal, or unavailable.

use std::time::Duration;

use axum::body::Bytes;
use common::{FieldError, Problem};
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A successful reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(super) status: StatusCode,
    /// The headers, perhaps with `Set-Cookie`.
    pub(crate) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// One page of a list.
#[derive(Deserialize)]
pub(crate) struct ListReply<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page.
    #[serde(default)]
    pub(crate) next: Option<String>,
}

/// A failed call.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// The service is unavailable.
    Unavailable,
    /// The service refused the request (4xx).
    Refused(Refusal),
}

/// A service's refusal.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The status.
    pub(crate) status: StatusCode,
    /// The error code.
    pub(crate) code: String,
    /// One sentence for people.
    pub(crate) detail: String,
    /// The errors of single fields.
    pub(crate) errors: Vec<FieldError>,
    /// The earliest time to retry.
    pub(crate) retry_after: Option<Duration>,
    /// The challenge of a sign-in that waits for the second factor.
    pub(crate) challenge: Option<String>,
}

/// The body of a refusal (RFC 9457).
#[derive(Deserialize)]
struct RefusalBody {
    code: String,
    detail: String,
    #[serde(default)]
    errors: Vec<FieldErrorBody>,
    challenge: Option<String>,
}

#[derive(Deserialize)]
struct FieldErrorBody {
    message: String,
    field: Option<String>,
}

impl Reply {
    /// Parses the JSON body.
    ///
    /// # Errors
    /// A body of another shape counts as unavailable, and is logged.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            tracing::error!(%error, "a service replied with an unexpected body");
            ApiError::Unavailable
        })
    }

    pub(super) fn into_result(self) -> Result<Self, ApiError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let problem = serde_json::from_slice::<RefusalBody>(&self.body).ok();
        if let Some(body) = problem.filter(|_| self.status.is_client_error()) {
            return Err(ApiError::Refused(Refusal::new(self.status, self.retry_after(), body)));
        }
        tracing::warn!(status = self.status.as_u16(), "a service failed");
        Err(ApiError::Unavailable)
    }

    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

impl Refusal {
    fn new(status: StatusCode, retry_after: Option<Duration>, body: RefusalBody) -> Self {
        let errors = body.errors.into_iter();
        let errors = errors.map(|FieldErrorBody { message, field }| FieldError { message, field }).collect();
        let RefusalBody { code, detail, challenge, .. } = body;
        Self { status, code, detail, errors, retry_after, challenge }
    }

    /// Whether the resource is missing or belongs to another user: then its own page cannot show the refusal.
    pub(crate) fn is_not_found_or_forbidden(&self) -> bool {
        matches!(self.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN)
            && self.code != "email-not-verified"
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Unavailable => Self::unavailable(),
            ApiError::Refused(refusal) => Self {
                errors: refusal.errors,
                retry_after: refusal.retry_after,
                ..Self::new(refusal.status, refusal.code, refusal.detail)
            },
        }
    }
}
