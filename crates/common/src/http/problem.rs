//! The reply for a [`Problem`] (RFC 9457).

use std::error::Error;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::request_id;
use crate::{FieldError, Problem, error_chain};

/// The body of every error reply.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody {
    /// Always `about:blank`; `code` distinguishes problems.
    r#type: &'static str,
    /// The reason phrase of the status.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// One sentence: what happened and what to do.
    detail: String,
    /// The stable kebab-case code.
    code: String,
    /// The id of the request in the log.
    request_id: String,
    /// The single errors; never empty.
    errors: Vec<FieldError>,
    /// Further members, which only some codes have.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    members: Option<Value>,
}

impl From<&Problem> for ProblemBody {
    fn from(problem: &Problem) -> Self {
        let errors = if problem.errors.is_empty() {
            vec![FieldError { message: problem.detail.to_string(), field: None }]
        } else {
            problem.errors.clone()
        };
        Self {
            r#type: "about:blank",
            title: problem.status.canonical_reason().unwrap_or("Error"),
            status: problem.status.as_u16(),
            detail: problem.detail.to_string(),
            code: problem.code.to_string(),
            request_id: request_id::current(),
            errors,
            members: problem.members.as_deref().cloned(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        log(&self);
        let body = serde_json::to_vec(&ProblemBody::from(&self)).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = self.retry_after {
            // Whole seconds, rounded up, so that a retry after that time is not refused for a fraction of a second.
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            if let Ok(value) = HeaderValue::try_from(seconds.to_string()) {
                headers.insert(RETRY_AFTER, value);
            }
        }
        response
    }
}

/// The only place where the cause of a problem is logged, within the span of the request.
fn log(problem: &Problem) {
    let Some(cause) = problem.source() else { return };
    let cause = error_chain(cause);
    if problem.status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(code = %problem.code, cause, "a request failed");
    } else {
        tracing::warn!(code = %problem.code, cause, "a request was refused");
    }
}
