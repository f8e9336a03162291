//! What a form sent.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use common::Problem;

/// What a form sent, field by field. It has no `Debug`: there may be a password in it.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// A field as it was typed; empty if it was not sent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// A field that was filled in.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.trim().is_empty())
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await.map_err(Problem::internal)?;
        let fields = serde_urlencoded::from_bytes::<Vec<(String, String)>>(&body).map_err(|_| {
            Problem::new(
                http::StatusCode::BAD_REQUEST,
                "malformed-form",
                "The form could not be read; send it again.",
            )
        })?;
        Ok(Self(fields))
    }
}
