//! Idempotency keys: one effect and one response for a day.

use std::time::Duration;

use reqwest::Method;
use tokio::task::JoinSet;

use crate::app::{NEW, TestApp};

const CREATE: &str = "/v1/payment_intents";

async fn payment_count(app: &TestApp) -> usize {
    app.sim.payment_intents().await.expect("a list").len()
}

#[tokio::test]
async fn the_same_request_gives_the_same_reply_and_has_one_effect() {
    let app = TestApp::start().await;
    let first = app.post_once("key-1", CREATE, &NEW).await;
    let again = app.post_once("key-1", CREATE, &NEW).await;
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(first.body, again.body);
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
    assert_eq!(again.header("original-request"), first.header("request-id"));
    assert_ne!(again.header("request-id"), first.header("request-id"));
    assert_eq!(payment_count(&app).await, 1);
}

#[tokio::test]
async fn another_request_cannot_take_a_key_that_was_used() {
    let app = TestApp::start().await;
    let id = app.post_once("key-1", CREATE, &NEW).await.id();
    let other_params = [("amount", "2600"), NEW[1]];
    let other_path = format!("{CREATE}/{id}/cancel");
    for (path, params) in [(CREATE, &other_params[..]), (&other_path, &[])] {
        let response = app.post_once("key-1", path, params).await;
        assert_eq!(
            (response.status, &response.body["error"]["type"]),
            (400, &"idempotency_error".into()),
            "{path}"
        );
    }
    assert_eq!((payment_count(&app).await, app.state(&id).await.as_str()), (1, "requires_payment_method"));
}

#[tokio::test]
async fn a_key_is_free_again_after_a_day() {
    let app = TestApp::start().await;
    let first = app.post_once("key-1", CREATE, &NEW).await.id();
    app.clock.advance(Duration::from_hours(24) - Duration::from_millis(1));
    assert_eq!(app.post_once("key-1", CREATE, &NEW).await.id(), first);
    app.clock.advance(Duration::from_millis(1));
    assert_ne!(app.post_once("key-1", CREATE, &NEW).await.id(), first);
    assert_eq!(payment_count(&app).await, 2);
}

#[tokio::test]
async fn declines_and_refusals_are_remembered_too() {
    let app = TestApp::start().await;
    let id = app.create().await.id();
    let (confirm, capture) = (format!("{CREATE}/{id}/confirm"), format!("{CREATE}/{id}/capture"));
    let declined = [("payment_method", "pm_card_chargeDeclined")];
    assert_eq!(app.post_once("key-1", &confirm, &declined).await.status, 402);
    assert_eq!(app.post_once("key-2", &capture, &[]).await.status, 400);
    app.confirm(&id, "pm_card_visa").await;
    let again = app.post_once("key-1", &confirm, &declined).await;
    assert_eq!((again.status, again.code()), (402, "card_declined"));
    let again = app.post_once("key-2", &capture, &[]).await;
    assert_eq!((again.status, again.code()), (400, "payment_intent_unexpected_state"));
    assert_eq!(app.state(&id).await, "requires_capture");
}

#[tokio::test]
async fn a_request_that_was_not_understood_leaves_its_key_free() {
    let app = TestApp::start().await;
    assert_eq!(app.post_once("key-1", CREATE, &[("amount", "x")]).await.status, 400);
    assert_eq!(app.post_once("key-1", CREATE, &NEW).await.status, 200);
    assert_eq!(app.post_once(&"k".repeat(256), CREATE, &NEW).await.status, 400);
}

#[tokio::test]
async fn a_failure_after_the_work_was_done_is_what_the_key_says_from_then_on() {
    let app = TestApp::start().await;
    let id = app.authorized().await;
    let capture = format!("{CREATE}/{id}/capture");
    app.sim.faults().set(|faults| faults.api.fail_after_commit = 1);
    let first = app.post_once("key-1", &capture, &[]).await;
    let again = app.post_once("key-1", &capture, &[]).await;
    assert_eq!((first.status, again.status), (500, 500));
    assert_eq!(first.body["error"]["type"], "api_error");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(app.state(&id).await, "succeeded");
}

#[tokio::test]
async fn a_failure_before_the_work_leaves_the_key_free() {
    let app = TestApp::start().await;
    app.sim.faults().set(|faults| faults.api.fail_before = 1);
    assert_eq!(app.post_once("key-1", CREATE, &NEW).await.status, 500);
    assert_eq!(payment_count(&app).await, 0);
    assert_eq!(app.post_once("key-1", CREATE, &NEW).await.status, 200);
}

#[tokio::test]
async fn a_concurrent_request_with_the_same_key_is_rejected() {
    let app = TestApp::start().await;
    app.sim.faults().set(|faults| faults.api.delay_ms = 1000);
    let mut first = JoinSet::new();
    let request = app.http.post(format!("{}{CREATE}", app.url)).bearer_auth("sk_test_sim");
    let request = request.header("idempotency-key", "key-1").body("amount=2500&currency=usd");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    first.spawn(async move { request.send().await.expect("a reply").status() });
    while app.clock.next_wake().is_none() {
        tokio::task::yield_now().await;
    }
    let second = app.post_once("key-1", CREATE, &NEW).await;
    assert_eq!((second.status, second.code()), (409, "idempotency_key_in_use"));
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(first.join_next().await.expect("a task").expect("a status"), 200);
    assert_eq!(payment_count(&app).await, 1);
}

#[tokio::test]
async fn reading_needs_no_key_and_ignores_one() {
    let app = TestApp::start().await;
    let id = app.create().await.id();
    let headers = [("authorization", "Bearer sk_test_sim"), ("idempotency-key", "key-1")];
    let path = format!("{CREATE}/{id}");
    assert_eq!(app.call(Method::GET, &path, &headers, &[]).await.state(), "requires_payment_method");
    app.confirm(&id, "pm_card_visa").await;
    assert_eq!(app.call(Method::GET, &path, &headers, &[]).await.state(), "requires_capture");
}
