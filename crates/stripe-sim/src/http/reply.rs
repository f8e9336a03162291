//! A reply that can be stored and given again.

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::error::ApiError;

/// Status and body, and whose reply it was first.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    /// The request to which this was the reply before.
    pub(crate) replay_of: Option<String>,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body, replay_of: None }
    }
}

impl From<&ApiError> for Reply {
    fn from(error: &ApiError) -> Self {
        Self { status: error.status, body: error.body(), replay_of: None }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(original) = self.replay_of.and_then(|id| HeaderValue::try_from(id).ok()) {
            response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
            response.headers_mut().insert("original-request", original);
        }
        response
    }
}
