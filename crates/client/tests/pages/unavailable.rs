//! Unavailable services: their part of the page is missing, and a notice says so.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;

use crate::app::{TestApp, html};

/// Auth for a signed-out visitor; all other routes fail.
fn only_auth() -> TestApp {
    let signed_out = get(|| async { axum::Json(serde_json::json!({ "currentUser": null })) });
    TestApp::with_services(Router::new().route("/api/users/currentuser", signed_out).fallback(fails))
}

async fn fails() -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}

#[tokio::test]
async fn without_auth_everything_can_still_be_looked_at() {
    let list = get(|| async { axum::Json(serde_json::json!({ "items": [], "next": null })) });
    let app = TestApp::with_services(Router::new().route("/api/tickets", list).fallback(fails));
    let (status, page) = app.get("/").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("down for maintenance") && page.contains("No tickets on sale yet"), "{page}");
    let (status, page) = app.get("/auth/signin").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("down for maintenance"), "{page}");
    let fields = [("email", "ann@example.com"), ("password", "secret-words")];
    let (status, page) = html(app.post_form("/auth/signin", "", &fields).await).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.contains("ann@example.com") && !page.contains("secret-words"), "{page}");
    assert!(page.contains("nothing was changed"), "{page}");
}

#[tokio::test]
async fn a_page_without_its_tickets_is_a_page_with_a_notice() {
    let (status, page) = only_auth().get("/?q=jazz").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("cannot be shown right now") && page.contains("value=\"jazz\""), "{page}");
    assert!(!page.contains("down for maintenance"), "{page}");
}

#[tokio::test]
async fn a_page_that_is_nothing_without_its_service_asks_to_try_again() {
    let app = only_auth();
    let path = "/tickets/01a20399-ee1a-7dbe-adb9-18ba0d649af0";
    let reply = app.call(Request::get(path).body(Body::empty()).expect("a request")).await;
    assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(reply.headers().contains_key("retry-after"));
    let (_, page) = app.get(path).await;
    assert!(page.contains("We will be right back") && page.contains(&format!("href=\"{path}\"")), "{page}");
}
