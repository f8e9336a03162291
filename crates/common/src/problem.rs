//! The one error of every handler: an RFC 9457 problem.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

/// An error of a request. `Display` is for the caller, `source()` for the log.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable kebab-case code that clients compare.
    pub code: Cow<'static, str>,
    /// One sentence: what happened and what to do.
    pub detail: Cow<'static, str>,
    /// The errors of single fields; if empty, `detail` is the only error.
    pub errors: Vec<FieldError>,
    /// The delay before a retry; only with 429 and 503.
    pub retry_after: Option<Duration>,
    /// Further members of the body, which only some codes have.
    pub members: Option<Box<Value>>,
    /// The cause, for the log only.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

/// One error of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The error.
    pub message: String,
    /// The path of the field, such as `price.amount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl FieldError {
    /// An error of one field.
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
            members: None,
            source: None,
        }
    }

    /// 400: values of the body or the query are invalid.
    pub fn not_valid(errors: Vec<FieldError>) -> Self {
        let detail = "Some values are not valid; `errors` names each of them.";
        Self { errors, ..Self::new(StatusCode::BAD_REQUEST, "not-valid", detail) }
    }

    /// 401: no user is signed in.
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Sign in first.")
    }

    /// 403: the resource belongs to another user.
    pub fn not_yours() -> Self {
        Self::new(StatusCode::FORBIDDEN, "not-yours", "This belongs to another account.")
    }

    /// 404: the resource does not exist.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here.")
    }

    /// 409: the state of the resource does not allow the change.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 503: the client can retry; nothing was lost.
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

    /// 500: a bug. The caller receives only the request id.
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

    /// The same problem with further members of the body.
    #[must_use]
    pub fn with(mut self, members: Value) -> Self {
        self.members = Some(Box::new(members));
        self
    }

    /// The same problem with `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

/// The message of an error and of its causes, for logs: `message: cause: cause`. Many errors already end with the message
/// of their cause, which is not repeated.
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}
