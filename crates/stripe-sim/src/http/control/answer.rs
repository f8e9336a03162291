//! What a control answers: a browser is sent to a page, a script is given the object.

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use crate::http::Reply;

/// Whether a person looks at the answer.
pub(in crate::http) fn is_browser(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/html"))
}

/// The reply, or the page that shows what it did.
pub(super) fn answer(headers: &HeaderMap, reply: Reply, page: &str) -> Response {
    if reply.status == StatusCode::OK && is_browser(headers) {
        Redirect::to(page).into_response()
    } else {
        reply.into_response()
    }
}
