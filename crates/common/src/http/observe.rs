//! The outermost layer: names the request, traces and measures it, and puts the security headers on its reply.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue};
use tracing::Instrument;

use super::{Caching, HttpContext, request_id};
use crate::trace;

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// What an API reply may do in a browser: nothing.
const API_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

pub(super) async fn observe(
    State(context): State<HttpContext>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = request_id::of(&request, &context.ids);
    let traceparent = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
        .filter(|value| trace::is_traceparent(value))
        .map(str::to_owned);
    let method = request.method().clone();
    // The query may hold what somebody searched for; the path holds nothing but ids.
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default(), %method, path = request.uri().path());
    request.extensions_mut().insert(context.clone());
    let began = context.clock.now();

    let work = next.run(request).instrument(span.clone());
    let mut response = trace::under(traceparent, request_id::under(id.clone(), work)).await;

    let status = response.status().as_u16();
    let took = context.clock.now() - began;
    span.in_scope(|| tracing::debug!(status, took_ms = took.as_millis(), "answered"));
    let route = response.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    metrics::histogram!("http_request_seconds", "method" => method.as_str().to_owned(), "route" => route, "status" => status.to_string())
        .record(took.as_secs_f64());
    secure(&mut response, context.is_secure());
    response.headers_mut().insert(request_id::HEADER, id);
    response
}

/// Headers of every reply. A page may bring its own policy.
fn secure(response: &mut Response, https: bool) {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(API_POLICY);
    // What does not say that anybody may keep it is the caller's alone.
    headers.entry(CACHE_CONTROL).or_insert(Caching::Private.header());
    headers
        .entry(PERMISSIONS_POLICY)
        .or_insert(HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(self)"));
    if https {
        headers.insert(
            STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
}
