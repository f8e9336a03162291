//! Replies: a page, or the way to another one.

use std::time::Duration;

use askama::Template;
use axum::response::{IntoResponse, Response};
use common::Problem;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use crate::policy;

/// A page with this status.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    page_under(policy::page(), status, template)
}

/// A form again, with what is wrong with it and when to come again.
pub(crate) fn form(status: StatusCode, wait: Option<Duration>, template: &impl Template) -> Response {
    let mut response = page(status, template);
    if let Some(wait) = wait {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    response
}

/// A page that may load more than others.
pub(crate) fn page_under(policy: HeaderValue, status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            let headers = [(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, policy)];
            (status, headers, html).into_response()
        }
        Err(error) => Problem::internal(error).into_response(),
    }
}

/// 303: look there now.
pub(crate) fn see_other(place: &str) -> Response {
    match HeaderValue::try_from(place) {
        Ok(place) => (StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}
