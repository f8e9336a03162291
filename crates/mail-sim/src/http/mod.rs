//! The HTTP surface: Mailpit's API, the faults, and the pages.

mod api;
mod faults;
mod pages;
mod view;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};

use crate::MailSim;

/// No script runs on any page.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; frame-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

impl MailSim {
    /// All routes of the simulator.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(pages::list))
            .route("/view/{id}", get(pages::show))
            .route("/view/{id}/html", get(pages::html))
            .route("/clear", post(pages::clear))
            .route("/style.css", get(pages::style))
            .route("/api/v1/messages", get(api::list).delete(api::delete))
            .route("/api/v1/search", get(api::search))
            .route("/api/v1/message/{id}", get(api::show))
            .route("/api/v1/message/{id}/raw", get(api::raw))
            .route("/api/v1/message/{id}/part/{part}", get(api::part))
            .route("/sim/faults", get(faults::show).post(faults::set).delete(faults::clear))
            .layer(map_response(add_headers))
            .with_state(self.clone())
    }
}

async fn add_headers(mut response: Response) -> Response {
    let headers: &mut HeaderMap = response.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(CSP);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
