//! What is not there: unknown paths, unknown methods, and the replies of handlers that panicked.

use std::any::Any;

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::Problem;

/// 404: no route of this path.
pub(super) async fn unknown_path() -> Problem {
    Problem::not_found()
}

/// 405: axum adds the `Allow` header.
pub(super) async fn unknown_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "This address does not take that method; `Allow` names those it takes.",
    )
}

/// 500: a handler panicked. The message may hold anything, so only its kind is told to the log.
#[expect(clippy::needless_pass_by_value, reason = "as it is caught")]
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let words = panic
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned());
    Problem::internal(format!("a handler panicked: {words}")).into_response()
}
