//! Responses: a rendered page, or a redirect.

use std::time::Duration;

use askama::Template;
use axum::response::{IntoResponse, Response};
use common::Problem;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use crate::csp;

/// A page with this status and the usual policy.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    page_with_csp(csp::page(), status, template)
}

/// A form redisplayed with its errors, and `Retry-After`.
pub(crate) fn form(status: StatusCode, retry_after: Option<Duration>, template: &impl Template) -> Response {
    let mut response = page(status, template);
    if let Some(delay) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(delay.as_secs().max(1)));
    }
    response
}

/// A page with a policy of its own.
pub(crate) fn page_with_csp(csp: HeaderValue, status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let content_type = HeaderValue::from_static("text/html; charset=utf-8");
            let headers = [(CONTENT_TYPE, content_type), (CONTENT_SECURITY_POLICY, csp)];
            (status, headers, html).into_response()
        }
        Err(error) => Problem::internal(error).into_response(),
    }
}

/// A redirect (303) after a form.
pub(crate) fn see_other(location: &str) -> Response {
    match HeaderValue::try_from(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}
