//! Problems as pages: the same status and headers, in the site's own look.

use askama::Template;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::client::Client;
use crate::frame::Frame;
use crate::render;
use crate::text::ErrorWords;
use crate::visitor::{Asking, Visitor, pass_cookies};

/// Far above the largest problem.
const LARGEST: usize = 256 * 1024;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    status: u16,
    words: ErrorWords,
    detail: String,
    request_id: String,
    /// Where the same can be tried again, if it can.
    again: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Told {
    code: String,
    detail: String,
    request_id: String,
}

/// Turns every problem among the replies into a page.
pub(crate) async fn show(State(client): State<Client>, request: Request, next: Next) -> Response {
    if !wants_a_page(request.headers()) {
        return next.run(request).await;
    }
    let asking = Asking::of(&request);
    let repeatable = request.method().is_safe();
    let response = next.run(request).await;
    if response.headers().get(CONTENT_TYPE).is_none_or(|kind| kind != "application/problem+json") {
        return response;
    }
    page(&client, response, asking, repeatable).await
}

async fn page(client: &Client, response: Response, asking: Asking, repeatable: bool) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST).await.unwrap_or_default();
    let told: Told = serde_json::from_slice(&body).unwrap_or_default();
    let busy = parts.status == StatusCode::SERVICE_UNAVAILABLE;
    let visitor = match parts.extensions.remove::<Visitor>() {
        Some(visitor) => visitor,
        // Whoever is too busy does not ask either.
        None if busy || !repeatable => Visitor { place: asking.place, ..Visitor::default() },
        None => {
            let (visitor, set) = Visitor::of(client, asking).await;
            pass_cookies(&set, &mut parts.headers);
            visitor
        }
    };
    let frame = Frame::of(&visitor);
    let again = (repeatable && parts.headers.contains_key(RETRY_AFTER)).then(|| visitor.place.clone());
    let words = frame.t.error(parts.status, &told.code);
    let detail = if words.text.is_empty() { told.detail } else { words.text.to_owned() };
    let status = parts.status.as_u16();
    let page = ErrorPage { frame, status, words, detail, request_id: told.request_id, again };
    let mut shown = render::page(parts.status, &page);
    for name in [CONTENT_TYPE, CONTENT_SECURITY_POLICY] {
        if let Some(value) = shown.headers_mut().remove(&name) {
            parts.headers.insert(name, value);
        }
    }
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, shown.into_body())
}

/// Programs that ask for JSON and not for pages keep getting it.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("html") || !accept.contains("json")
}
