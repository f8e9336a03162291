//! Request id, trace, metrics and security headers, for every request and its response.

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue};
use tracing::{Instrument, field};

use super::request_durations::{RequestDurations, UNMATCHED};
use super::{Caching, HttpContext, request_id};
use crate::trace;

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// The policy of API replies, which load nothing in a browser.
const API_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

pub(super) async fn observe(
    context: &HttpContext,
    durations: &RequestDurations,
    mut request: Request,
    respond: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let id = request_id::of(&request, &context.ids);
    let traceparent = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
        .filter(|value| trace::is_traceparent(value))
        .map(str::to_owned);
    let method = request.method().clone();
    // Without the query, which may contain personal search words; the path contains only ids.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!(
        "request",
        service = context.service,
        id = id.to_str().unwrap_or_default(),
        %method,
        route = route.as_ref().map_or(UNMATCHED, MatchedPath::as_str),
        path = request.uri().path(),
        trace = field::Empty,
    );
    trace::follow(&span, traceparent.as_deref());
    request.extensions_mut().insert(context.clone());
    let start = context.clock.now();

    let work = respond(request).instrument(span.clone());
    let mut response = trace::scope(traceparent, request_id::scope(id.clone(), work)).await;

    let (status, duration) = (response.status(), context.clock.now() - start);
    span.in_scope(|| tracing::debug!(status = status.as_u16(), took_ms = duration.as_millis(), "answered"));
    durations.record(&method, route.as_ref(), status, duration);
    add_security_headers(&mut response, context.is_secure());
    response.headers_mut().insert(request_id::HEADER, id);
    response
}

/// Adds the security headers; pages have set their own policy already.
fn add_security_headers(response: &mut Response, https: bool) {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(API_POLICY);
    // Private unless the handler has allowed caching.
    headers.entry(CACHE_CONTROL).or_insert(Caching::Private.header());
    headers
        .entry(PERMISSIONS_POLICY)
        .or_insert(HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(self)"));
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}
