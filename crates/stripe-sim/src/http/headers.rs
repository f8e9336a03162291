//! What every reply carries: the request's id, the API's version, and leave for browsers of any origin to read it.

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::StripeSim;
use crate::event::API_VERSION;
use crate::webhook::hex;

/// `req_...`
#[derive(Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Numbers the request and names the version.
pub(crate) async fn stamp(State(sim): State<StripeSim>, mut request: Request, next: Next) -> Response {
    let id = format!("req_{}", hex(&sim.0.ids.bytes::<7>()));
    request.extensions_mut().insert(RequestId(id.clone()));
    let version = request.headers().get("stripe-version").cloned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert("stripe-version", version.unwrap_or(HeaderValue::from_static(API_VERSION)));
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert("request-id", id);
    }
    response
}

/// Answers preflights and opens replies to scripts of every origin: no cookie is involved, only keys.
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
    let exposed =
        HeaderValue::from_static("Request-Id, Stripe-Version, Idempotent-Replayed, Original-Request");
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    response
}
