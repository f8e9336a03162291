//! The headers of every reply, and the faults that replace a reply.

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::event::API_VERSION;
use crate::format::hex;
use crate::sim::StripeSim;

/// `req_...`
#[derive(Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Adds request id, version and idempotency key to the reply.
pub(crate) async fn add_headers(State(sim): State<StripeSim>, mut request: Request, next: Next) -> Response {
    let id = format!("req_{}", hex(&sim.0.ids.bytes::<7>()));
    request.extensions_mut().insert(RequestId(id.clone()));
    let key = request.headers().get("idempotency-key").cloned().filter(|_| request.method() == Method::POST);
    let (version, mut response) = match version(request.headers()) {
        Ok(version) => (version, next.run(request).await),
        Err(error) => (HeaderValue::from_static(API_VERSION), error.into_response()),
    };
    let headers = response.headers_mut();
    headers.insert("stripe-version", version);
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert("request-id", id);
    }
    if let Some(key) = key {
        headers.insert("idempotency-key", key);
    }
    response
}

/// The caller's API version. Every well-formed version is accepted and answered in the simulator's one shape.
fn version(headers: &HeaderMap) -> Result<HeaderValue, ApiError> {
    let mut given = headers.get_all("stripe-version").iter();
    let Some(version) = given.next() else { return Ok(HeaderValue::from_static(API_VERSION)) };
    let text = String::from_utf8_lossy(version.as_bytes()).into_owned();
    if given.next().is_none() && is_version(&text) {
        Ok(version.clone())
    } else {
        Err(ApiError::invalid(format!("Invalid Stripe API version: {text}")))
    }
}

/// `2026-09-30.endive`; before 2024-09-30, `2024-06-20`; previews follow a semicolon.
fn is_version(text: &str) -> bool {
    let text = text.split(';').next().unwrap_or_default();
    let (date, name) = text.split_once('.').unwrap_or((text, "none"));
    let parts: Vec<&str> = date.split('-').collect();
    let digits = |text: &&str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts.as_slice(), [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Answers preflights and opens replies to scripts of every origin, which is safe without cookies.
pub(crate) async fn cross_origin(request: Request, next: Next) -> Response {
    let asked = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let mut response = if request.method() == Method::OPTIONS {
        let mut preflight = StatusCode::NO_CONTENT.into_response();
        let headers = preflight.headers_mut();
        let methods = HeaderValue::from_static("GET, HEAD, POST, DELETE, OPTIONS");
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("300"));
        if let Some(asked) = asked {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked);
        }
        preflight
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let exposed = HeaderValue::from_static(
        "Idempotency-Key, Idempotent-Replayed, Original-Request, Request-Id, Stripe-Version",
    );
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    response
}

/// `Retry-After` of a 429.
const RETRY_AFTER_SECONDS: &str = "3";

/// Replies 429 or 500 instead of handling the request while such faults are pending.
pub(crate) async fn inject_faults(State(sim): State<StripeSim>, request: Request, next: Next) -> Response {
    if sim.faults().consume(|faults| &mut faults.api.rate_limit) {
        // Stripe names the limit (<https://docs.stripe.com/rate-limits>).
        let headers = [("stripe-rate-limited-reason", "global-rate"), ("retry-after", RETRY_AFTER_SECONDS)];
        (headers, ApiError::rate_limit()).into_response()
    } else if sim.faults().consume(|faults| &mut faults.api.fail_before) {
        ApiError::internal().into_response()
    } else {
        next.run(request).await
    }
}
