//! Problems as HTML pages, with the same status and headers.

use askama::Template;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::client::Client;
use crate::layout::Layout;
use crate::render;
use crate::text::ErrorTexts;
use crate::visitor::{RequestContext, Visitor, forward_cookies};

/// Far above the largest problem.
const MAX_PROBLEM_BYTES: usize = 256 * 1024;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    layout: Layout,
    status: u16,
    texts: ErrorTexts,
    detail: String,
    request_id: String,
    /// The page to retry, if the request can be repeated.
    retry: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ProblemBody {
    code: String,
    detail: String,
    request_id: String,
}

/// Middleware: renders every problem as a page.
pub(crate) async fn render_problems(State(client): State<Client>, request: Request, next: Next) -> Response {
    if !accepts_html(request.headers()) {
        return next.run(request).await;
    }
    let context = RequestContext::of(&request, &client);
    let repeatable = request.method().is_safe();
    let response = next.run(request).await;
    if response.headers().get(CONTENT_TYPE).is_none_or(|kind| kind != "application/problem+json") {
        return response;
    }
    page(&client, response, context, repeatable).await
}

async fn page(client: &Client, response: Response, context: RequestContext, repeatable: bool) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_PROBLEM_BYTES).await.unwrap_or_default();
    let problem: ProblemBody = serde_json::from_slice(&body).unwrap_or_default();
    let overloaded = parts.status == StatusCode::SERVICE_UNAVAILABLE;
    let visitor = match parts.extensions.remove::<Visitor>() {
        Some(visitor) => visitor,
        // Under overload the page does without another call to auth.
        None if overloaded || !repeatable => Visitor { uri: context.uri, ..Visitor::default() },
        None => {
            let (visitor, set) = Visitor::identify(client, context).await;
            forward_cookies(&set, &mut parts.headers);
            visitor
        }
    };
    let layout = Layout::of(&visitor);
    let retry = (repeatable && parts.headers.contains_key(RETRY_AFTER)).then(|| visitor.uri.clone());
    let texts = layout.t.error(parts.status, &problem.code);
    let detail = if texts.text.is_empty() { problem.detail } else { texts.text.to_owned() };
    let status = parts.status.as_u16();
    let page = ErrorPage { layout, status, texts, detail, request_id: problem.request_id, retry };
    let mut rendered = render::page(parts.status, &page);
    for name in [CONTENT_TYPE, CONTENT_SECURITY_POLICY] {
        if let Some(value) = rendered.headers_mut().remove(&name) {
            parts.headers.insert(name, value);
        }
    }
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, rendered.into_body())
}

/// Whether a page may be sent: clients that ask for JSON alone keep the problem.
fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("html") || !accept.contains("json")
}
