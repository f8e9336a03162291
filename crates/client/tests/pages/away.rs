//! Services that do not answer: what they would say is missing, and the page says so.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::routing::get;
use client::{Api, Settings};
use common::clock::SystemClock;
use common::http::Sessions;
use common::{Ids, SharedClock, SystemEntropy};
use runtime::{HttpOptions, RemoteKeys};
use tower::ServiceExt;

fn pages(services: Router) -> Router {
    pages_of(Api::inside(services))
}

/// The pages in front of these services.
pub(crate) fn pages_of(api: Api) -> Router {
    let clock: SharedClock = Arc::new(SystemClock);
    let keys = RemoteKeys::new("http://127.0.0.1:1/jwks.json".into(), Arc::clone(&clock));
    let settings = Settings {
        ids: Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy)),
        clock,
        sessions: Sessions::new(Arc::new(keys)),
        http: HttpOptions::default(),
        stripe_js: "https://js.stripe.com/v3/".into(),
    };
    client::routes(settings, api)
}

pub(crate) async fn see(pages: &Router, request: Request<Body>) -> (StatusCode, String) {
    let reply = pages.clone().oneshot(request).await.expect("a reply");
    let status = reply.status();
    let body = to_bytes(reply.into_body(), 1 << 20).await.expect("a body");
    (status, String::from_utf8_lossy(&body).into_owned())
}

pub(crate) fn get_page(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("a request")
}

/// A service that is there and fails.
async fn fails() -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}

#[tokio::test]
async fn without_auth_everything_can_still_be_looked_at() {
    let list = get(|| async { axum::Json(serde_json::json!({ "items": [], "next": null })) });
    let pages = pages(Router::new().route("/api/tickets", list).fallback(fails));
    let (status, html) = see(&pages, get_page("/")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("down for maintenance") && html.contains("No tickets on sale yet"), "{html}");
    let (status, html) = see(&pages, get_page("/auth/signin")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("down for maintenance"), "{html}");
    let form = Request::post("/auth/signin").header("content-type", "application/x-www-form-urlencoded");
    let form = form.body(Body::from("email=ann%40example.com&password=secret-words")).expect("a request");
    let (status, html) = see(&pages, form).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(html.contains("ann@example.com") && !html.contains("secret-words"), "{html}");
    assert!(html.contains("nothing was changed"), "{html}");
}

#[tokio::test]
async fn a_page_without_its_tickets_is_a_page_with_a_notice() {
    let nobody = get(|| async { axum::Json(serde_json::json!({ "currentUser": null })) });
    let pages = pages(Router::new().route("/api/users/currentuser", nobody).fallback(fails));
    let (status, html) = see(&pages, get_page("/?q=jazz")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("cannot be shown right now") && html.contains("value=\"jazz\""), "{html}");
    assert!(!html.contains("down for maintenance"), "{html}");
}

#[tokio::test]
async fn a_page_that_is_nothing_without_its_service_asks_to_try_again() {
    let nobody = get(|| async { axum::Json(serde_json::json!({ "currentUser": null })) });
    let pages = pages(Router::new().route("/api/users/currentuser", nobody).fallback(fails));
    let path = "/tickets/01a20399-ee1a-7dbe-adb9-18ba0d649af0";
    let reply = pages.clone().oneshot(get_page(path)).await.expect("a reply");
    assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(reply.headers().contains_key("retry-after"));
    let (_, html) = see(&pages, get_page(path)).await;
    assert!(html.contains("We will be right back") && html.contains(&format!("href=\"{path}\"")), "{html}");
}
