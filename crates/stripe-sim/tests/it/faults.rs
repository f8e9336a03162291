//! Faults on demand, set over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{NEW, World};

async fn set(world: &World, faults: &Value) -> u16 {
    let request = world.http.post(format!("{}/sim/faults", world.url)).json(faults);
    request.send().await.expect("a reply").status().as_u16()
}

#[tokio::test]
async fn faults_add_up_until_they_are_cleared() {
    let world = World::start().await;
    assert_eq!(set(&world, &json!({ "webhooks": { "drop": 1, "delayMs": 500 } })).await, 200);
    assert_eq!(set(&world, &json!({ "captureFails": 2, "webhooks": { "reorder": true } })).await, 200);
    let pending = world.sim.faults().pending();
    assert_eq!((pending.webhooks.drop, pending.webhooks.delay_ms), (1, 500));
    assert_eq!((pending.webhooks.reorder, pending.capture_fails), (true, 2));
    let shown = world.call(Method::GET, "/sim/faults", &[], &[]).await;
    assert_eq!(shown.body["webhooks"]["delayMs"], 500);

    assert_eq!(world.call(Method::DELETE, "/sim/faults", &[], &[]).await.status, 204);
    assert_eq!(world.sim.faults().pending(), stripe_sim::Faults::default());
}

#[tokio::test]
async fn faults_that_do_not_exist_are_refused_and_change_nothing() {
    let world = World::start().await;
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
        assert_eq!(set(&world, &wrong).await, 400, "{wrong}");
    }
    assert_eq!(world.sim.faults().pending(), stripe_sim::Faults::default());
}

#[tokio::test]
async fn requests_are_limited_and_broken_as_often_as_asked() {
    let world = World::start().await;
    set(&world, &json!({ "api": { "rateLimit": 1, "failBefore": 1 } })).await;
    let limited = world.post("/v1/payment_intents", &NEW).await;
    assert_eq!((limited.status, limited.code()), (429, "rate_limit"));
    assert_eq!(limited.headers["retry-after"], "3");
    assert_eq!(world.post("/v1/payment_intents", &NEW).await.status, 500);
    assert!(world.sim.payment_intents().await.expect("a list").is_empty());
    assert_eq!(world.post("/v1/payment_intents", &NEW).await.status, 200);
}

#[tokio::test]
async fn a_change_may_be_made_and_answered_by_a_failure() {
    let world = World::start().await;
    set(&world, &json!({ "api": { "failAfterCommit": 1 } })).await;
    assert_eq!(world.post("/v1/payment_intents", &NEW).await.status, 500);
    assert_eq!(world.sim.payment_intents().await.expect("a list").len(), 1);
    assert_eq!(world.post("/v1/payment_intents", &NEW).await.status, 200);
}

#[tokio::test]
async fn a_capture_that_fails_for_good_leaves_an_authorization_to_cancel() {
    let world = World::start().await;
    let id = world.authorized().await;
    set(&world, &json!({ "captureFails": 1 })).await;
    let capture = format!("/v1/payment_intents/{id}/capture");
    let failed = world.post(&capture, &[]).await;
    assert_eq!((failed.status, failed.code()), (402, "card_declined"));
    assert_eq!(failed.body["error"]["payment_intent"]["status"], "requires_capture");
    assert_eq!(world.state(&id).await, "requires_capture");
    let canceled = world.post(&format!("/v1/payment_intents/{id}/cancel"), &[]).await;
    assert_eq!(canceled.state(), "canceled");
    assert_eq!(world.sim.captured_total(common::Currency::Usd).await.expect("a sum").amount, 0);
}

#[tokio::test]
async fn a_capture_that_would_not_be_allowed_anyway_uses_up_no_fault() {
    let world = World::start().await;
    let id = world.create().await.id();
    set(&world, &json!({ "captureFails": 1 })).await;
    assert_eq!(world.post(&format!("/v1/payment_intents/{id}/capture"), &[]).await.status, 400);
    assert_eq!(world.sim.faults().pending().capture_fails, 1);
}
