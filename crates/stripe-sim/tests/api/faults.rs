//! Faults on demand, of requests and of events.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{NEW, TestApp};

async fn set(app: &TestApp, faults: &Value) -> u16 {
    let request = app.http.post(format!("{}/sim/faults", app.url)).json(faults);
    request.send().await.expect("a reply").status().as_u16()
}

#[tokio::test]
async fn faults_add_up_until_they_are_cleared() {
    let app = TestApp::start().await;
    assert_eq!(set(&app, &json!({ "webhooks": { "drop": 1, "delayMs": 500 } })).await, 200);
    assert_eq!(set(&app, &json!({ "captureFails": 2, "webhooks": { "reorder": true } })).await, 200);
    let pending = app.sim.faults().pending();
    assert_eq!((pending.webhooks.drop, pending.webhooks.delay_ms), (1, 500));
    assert_eq!((pending.webhooks.reorder, pending.capture_fails), (true, 2));
    let shown = app.call(Method::GET, "/sim/faults", &[], &[]).await;
    assert_eq!(shown.body["webhooks"]["delayMs"], 500);

    assert_eq!(app.call(Method::DELETE, "/sim/faults", &[], &[]).await.status, 204);
    assert_eq!(app.sim.faults().pending(), stripe_sim::Faults::default());
}

#[tokio::test]
async fn faults_that_do_not_exist_are_refused_and_change_nothing() {
    let app = TestApp::start().await;
    for wrong in [
        json!({ "captureFails": 1, "webhook": {} }),
        json!({ "captureFails": 1, "api": { "explode": 1 } }),
        json!({ "api": { "failBefore": -1 } }),
        json!({ "api": { "failBefore": "1" } }),
        json!({ "api": null }),
        json!([]),
        json!({ "webhooks": [] }),
        json!(null),
    ] {
        assert_eq!(set(&app, &wrong).await, 400, "{wrong}");
    }
    assert_eq!(app.sim.faults().pending(), stripe_sim::Faults::default());
}

#[tokio::test]
async fn requests_are_limited_and_broken_as_often_as_asked() {
    let app = TestApp::start().await;
    set(&app, &json!({ "api": { "rateLimit": 1, "failBefore": 1 } })).await;
    let limited = app.post("/v1/payment_intents", &NEW).await;
    assert_eq!((limited.status, limited.code()), (429, "rate_limit"));
    assert_eq!(limited.headers["retry-after"], "3");
    assert_eq!(app.post("/v1/payment_intents", &NEW).await.status, 500);
    assert!(app.sim.payment_intents().await.expect("a list").is_empty());
    assert_eq!(app.post("/v1/payment_intents", &NEW).await.status, 200);
}

#[tokio::test]
async fn a_change_may_be_made_and_answered_by_a_failure() {
    let app = TestApp::start().await;
    set(&app, &json!({ "api": { "failAfterCommit": 1 } })).await;
    assert_eq!(app.post("/v1/payment_intents", &NEW).await.status, 500);
    assert_eq!(app.sim.payment_intents().await.expect("a list").len(), 1);
    assert_eq!(app.post("/v1/payment_intents", &NEW).await.status, 200);
}

#[tokio::test]
async fn a_capture_that_fails_for_good_leaves_an_authorization_to_cancel() {
    let app = TestApp::start().await;
    let id = app.authorized().await;
    set(&app, &json!({ "captureFails": 1 })).await;
    let capture = format!("/v1/payment_intents/{id}/capture");
    let failed = app.post(&capture, &[]).await;
    assert_eq!((failed.status, failed.code()), (402, "card_declined"));
    assert_eq!(failed.body["error"]["payment_intent"]["status"], "requires_capture");
    assert_eq!(app.state(&id).await, "requires_capture");
    let canceled = app.post(&format!("/v1/payment_intents/{id}/cancel"), &[]).await;
    assert_eq!(canceled.state(), "canceled");
    assert_eq!(app.sim.captured_total(common::Currency::Usd).await.expect("a sum").amount, 0);
}

#[tokio::test]
async fn a_capture_that_would_not_be_allowed_anyway_uses_up_no_fault() {
    let app = TestApp::start().await;
    let id = app.create().await.id();
    set(&app, &json!({ "captureFails": 1 })).await;
    assert_eq!(app.capture(&id).await.status, 400);
    assert_eq!(app.sim.faults().pending().capture_fails, 1);
}

#[tokio::test]
async fn a_dropped_event_never_comes() {
    let app = TestApp::delivering().await;
    app.sim.faults().set(|faults| faults.webhooks.drop = 1);
    app.authorized().await;
    app.wait_until_idle().await;
    app.advance_clock(Duration::from_hours(24)).await;
    assert_eq!(app.receiver.received().len(), 1);
}

#[tokio::test]
async fn a_duplicated_event_comes_twice_under_one_id() {
    let app = TestApp::delivering().await;
    app.sim.faults().set(|faults| faults.webhooks.duplicate = 1);
    app.create().await;
    app.wait_until_idle().await;
    app.create().await;
    app.wait_until_idle().await;
    let events = app.receiver.received();
    assert_eq!(events.len(), 3);
    assert_eq!(events[0].json()["id"], events[1].json()["id"]);
    assert_ne!(events[0].json()["id"], events[2].json()["id"]);
}

#[tokio::test]
async fn delayed_events_are_late_until_the_delay_is_cleared() {
    let app = TestApp::delivering().await;
    app.sim.faults().set(|faults| faults.webhooks.delay_ms = 5000);
    app.create().await;
    app.advance_clock(Duration::from_millis(4999)).await;
    assert!(app.receiver.received().is_empty());
    app.advance_clock(Duration::from_millis(1)).await;
    assert_eq!(app.receiver.received().len(), 1);
    app.sim.faults().clear();
    app.create().await;
    app.wait_until_idle().await;
    assert_eq!(app.receiver.received().len(), 2);
}

#[tokio::test]
async fn reordered_events_come_after_those_that_followed_them() {
    let app = TestApp::delivering().await;
    app.sim.faults().set(|faults| faults.webhooks.reorder = true);
    let id = app.create().await.id();
    app.wait_until_idle().await;
    assert!(app.receiver.received().is_empty(), "held back");
    app.confirm(&id, "pm_card_visa").await;
    app.wait_until_idle().await;
    assert_eq!(app.receiver.kinds(), ["amount_capturable_updated", "created"]);
}

#[tokio::test]
async fn a_held_event_comes_by_itself_when_nothing_follows_it() {
    let app = TestApp::delivering().await;
    app.sim.faults().set(|faults| faults.webhooks.reorder = true);
    app.create().await;
    app.advance_clock(Duration::from_secs(3)).await;
    assert_eq!(app.receiver.kinds(), ["created"]);
}
