//! What can go wrong with a service.

use common::{FieldError, Problem};
use http::StatusCode;
use serde::Deserialize;

/// A service did not do as asked.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// It answers later.
    Away,
    /// It said no, and why.
    Refused(Refusal),
}

/// A service's no.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The status.
    pub(crate) status: StatusCode,
    /// The word that tells refusals apart.
    pub(crate) code: String,
    /// A sentence for people.
    pub(crate) detail: String,
    /// The faults of single fields.
    pub(crate) errors: Vec<FieldError>,
    /// When to come again.
    pub(crate) retry_after: Option<std::time::Duration>,
}

/// A problem as it stands in a body (RFC 9457).
#[derive(Deserialize)]
pub(super) struct Body {
    code: String,
    detail: String,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    message: String,
    field: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, retry_after: Option<std::time::Duration>, body: Body) -> Self {
        let errors = body.errors.into_iter();
        let errors = errors.map(|Fault { message, field }| FieldError { message, field }).collect();
        Self { status, code: body.code, detail: body.detail, errors, retry_after }
    }
}

impl Refusal {
    /// Whether it says that there is no such thing, or that it is somebody else's: then there is no page of it.
    pub(crate) fn is_about_the_thing(&self) -> bool {
        matches!(self.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN)
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Away => Self::unavailable(),
            ApiError::Refused(refusal) => Self {
                errors: refusal.errors,
                retry_after: refusal.retry_after,
                ..Self::new(refusal.status, refusal.code, refusal.detail)
            },
        }
    }
}
