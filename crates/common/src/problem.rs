//! The one error of every handler: an RFC 9457 problem.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;

/// What went wrong, in the caller's words. `Display` is for the caller; `source()` is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// A stable kebab-case word that programs may compare.
    pub code: Cow<'static, str>,
    /// One sentence: what happened and what to do.
    pub detail: Cow<'static, str>,
    /// The single faults; empty means that `detail` is the only one.
    pub errors: Vec<FieldError>,
    /// When to come again; only with 429 and 503.
    pub retry_after: Option<Duration>,
    /// What the log is told and the caller is not.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

/// One fault of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// What is wrong with it.
    pub message: String,
    /// The path of the field, such as `price.amount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl FieldError {
    /// A fault of one field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { message: message.into(), field: Some(field.into()) }
    }
}

impl Problem {
    /// A problem with this status, code and sentence.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            source: None,
        }
    }

    /// 400: the values of the body or the query break rules, all of them named.
    pub fn not_valid(errors: Vec<FieldError>) -> Self {
        let detail = "Some values are not valid; `errors` names each of them.";
        Self { errors, ..Self::new(StatusCode::BAD_REQUEST, "not-valid", detail) }
    }

    /// 401: nobody is signed in.
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Sign in first.")
    }

    /// 403: it belongs to somebody else.
    pub fn not_yours() -> Self {
        Self::new(StatusCode::FORBIDDEN, "not-yours", "This belongs to somebody else.")
    }

    /// 404: there is no such thing.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here.")
    }

    /// 409: the state says no.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 503: come again in a moment; nothing was lost.
    pub fn unavailable() -> Self {
        Self {
            retry_after: Some(Duration::from_secs(1)),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The service cannot answer right now; try again in a moment.",
            )
        }
    }

    /// 500: a bug. The caller learns nothing of it but the request id.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.")
            .caused_by(source)
    }

    /// The same problem with its cause, for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same problem with the time to wait.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}
