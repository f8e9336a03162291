//! Stripe's error object.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use store::{CommitError, StoreError};

use crate::failure::Failure;

/// An unsuccessful reply (<https://docs.stripe.com/api/errors>).
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// The members of `error`. As at Stripe, members that do not apply are absent.
    members: Map<String, Value>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &str, message: impl Into<String>) -> Self {
        Self { status, members: Map::new() }.with("type", kind).with("message", message.into())
    }

    #[must_use]
    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Null => {}
            value => drop(self.members.insert(name.to_owned(), value)),
        }
        self
    }

    /// 400 without a code.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
    }

    /// 400 for one parameter.
    pub(crate) fn parameter(code: &'static str, param: &str, message: impl Into<String>) -> Self {
        Self::invalid(message).code(code).about_parameter(param)
    }

    /// 401.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", message)
    }

    /// 404 for an object that a parameter, in the path or elsewhere, names.
    pub(crate) fn no_such(noun: &str, param: &str, id: &str) -> Self {
        let message = format!("No such {noun}: '{id}'");
        Self { status: StatusCode::NOT_FOUND, ..Self::parameter("resource_missing", param, message) }
    }

    /// 404 for a path.
    pub(crate) fn unknown_url(method: &str, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: {path}).");
        Self { status: StatusCode::NOT_FOUND, ..Self::invalid(message) }
    }

    /// 402 for a card.
    pub(crate) fn card(failure: Failure) -> Self {
        Self::new(StatusCode::PAYMENT_REQUIRED, failure.kind(), failure.message())
            .code(failure.code())
            .with("decline_code", failure.decline_code())
            .with("advice_code", failure.advice_code())
            .with("param", failure.param())
    }

    /// 429.
    pub(crate) fn rate_limit() -> Self {
        let message = "Too many requests hit the API too quickly; wait longer after each.";
        Self { status: StatusCode::TOO_MANY_REQUESTS, ..Self::invalid(message).code("rate_limit") }
    }

    /// 409: another request of this key is in flight.
    pub(crate) fn key_in_use(key: &str) -> Self {
        let message =
            format!("Another request with the idempotency key `{key}` is in flight; try again later.");
        Self { status: StatusCode::CONFLICT, ..Self::invalid(message).code("idempotency_key_in_use") }
    }

    /// 429: another request changes the object.
    pub(crate) fn locked() -> Self {
        let message =
            "This object cannot be accessed right now because another request changes it; try again.";
        Self { status: StatusCode::TOO_MANY_REQUESTS, ..Self::invalid(message).code("lock_timeout") }
    }

    /// 400: the key belongs to another request.
    pub(crate) fn key_reused(key: &str) -> Self {
        let message =
            format!("The idempotency key `{key}` was used with other parameters; take another key.");
        Self::new(StatusCode::BAD_REQUEST, "idempotency_error", message)
    }

    /// 500.
    pub(crate) fn internal() -> Self {
        let message = "Something went wrong on the simulator's end.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "api_error", message)
    }

    #[must_use]
    pub(crate) fn code(self, code: &str) -> Self {
        let doc_url = format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-"));
        self.with("code", code).with("doc_url", doc_url)
    }

    #[must_use]
    pub(crate) fn about_parameter(self, param: &str) -> Self {
        self.with("param", param)
    }

    /// The charge that failed.
    #[must_use]
    pub(crate) fn about_charge(self, charge: Option<&str>) -> Self {
        self.with("charge", charge)
    }

    /// The card that failed.
    #[must_use]
    pub(crate) fn about_payment_method(self, view: Value) -> Self {
        self.with("payment_method", view)
    }

    /// The `PaymentIntent` as it is now.
    #[must_use]
    pub(crate) fn about_intent(self, view: Value) -> Self {
        self.with("payment_intent", view)
    }

    /// The members of `error`.
    pub(crate) fn to_value(&self) -> Value {
        Value::Object(self.members.clone())
    }

    pub(crate) fn body(&self) -> Value {
        json!({ "error": self.members })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}

/// The cause appears in the log only.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the database failed");
        Self::internal()
    }
}

/// A violated unique key is a defect, unless the caller of the commit expects it.
impl From<CommitError> for ApiError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => error.into(),
            CommitError::Conflict | CommitError::DuplicateKey(_) => Self::internal(),
        }
    }
}
