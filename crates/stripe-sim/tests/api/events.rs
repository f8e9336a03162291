//! Events in the API.

use std::time::Duration;

use futures::TryStreamExt;
use serde_json::Value;

use crate::app::{Response, TestApp};

fn kinds(response: &Response) -> Vec<&str> {
    let data = response.body["data"].as_array().expect("a list").iter();
    data.map(|event| event["type"].as_str().expect("a type")).collect()
}

#[tokio::test]
async fn every_event_is_listed_newest_first_even_without_a_receiver() {
    let app = TestApp::start().await;
    let id = app.captured("pm_card_visa").await;
    app.post("/v1/refunds", &[("payment_intent", &id)]).await;
    let all = app.get("/v1/events").await;
    let expected = [
        "charge.refunded",
        "refund.created",
        "payment_intent.succeeded",
        "charge.captured",
        "payment_intent.amount_capturable_updated",
        "charge.succeeded",
        "payment_intent.created",
    ];
    assert_eq!(kinds(&all), expected);
    assert_eq!(kinds(&app.get("/v1/events?type=charge.captured").await), ["charge.captured"]);
    assert_eq!(kinds(&app.get("/v1/events?type=charge.*").await).len(), 3);
    let two = app.get("/v1/events?types[]=charge.captured&types[]=refund.created").await;
    assert_eq!(kinds(&two), ["refund.created", "charge.captured"]);
    assert_eq!(app.get("/v1/events?type=a.b&types[]=c.d").await.status, 400);
    let (mut seen, mut query) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/v1/events?limit=2{query}")).await;
        seen.extend(kinds(&page).into_iter().map(str::to_owned));
        let last = page.body["data"].as_array().and_then(|data| data.last()).expect("an event");
        query = format!("&starting_after={}", last["id"].as_str().expect("an id"));
        if page.body["has_more"] == false {
            break;
        }
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn an_event_is_found_by_its_id_as_it_was_sent() {
    let mut app = TestApp::start().await;
    let id = app.authorized().await;
    let waiting = app.get("/v1/events?delivery_success=false").await;
    assert_eq!(kinds(&waiting).len(), 2, "no endpoint subscribes to the charge, so its event is delivered");
    app.deliver();
    app.wait_until_idle().await;
    assert!(kinds(&app.get("/v1/events?delivery_success=false").await).is_empty());
    let sent = app.receiver.received().remove(0).json();
    let found = app.get(&format!("/v1/events/{}", sent["id"].as_str().expect("an id"))).await.body;
    let without_pending = |mut event: Value| {
        assert!(event.as_object_mut().expect("an object").remove("pending_webhooks").is_some());
        event
    };
    assert_eq!(found["pending_webhooks"], 0);
    assert_eq!(without_pending(found), without_pending(sent));
    for missing in [format!("evt_{}63", &id[3..]), "evt_1".to_owned(), id] {
        let response = app.get(&format!("/v1/events/{missing}")).await;
        assert_eq!((response.status, response.code()), (404, "resource_missing"), "{missing}");
    }
}

#[tokio::test]
async fn an_event_contains_the_former_values_of_changed_members() {
    let app = TestApp::with_all_events().await;
    let id = app.captured("pm_card_visa").await;
    app.post("/v1/refunds", &[("payment_intent", &id), ("amount", "100")]).await;
    app.wait_until_idle().await;
    let event = app.receiver.received().pop().expect("an event").json();
    assert_eq!(event["type"], "charge.refunded");
    assert_eq!(event["data"]["previous_attributes"], serde_json::json!({ "amount_refunded": 0 }));
}

#[tokio::test]
async fn an_event_is_forgotten_after_thirty_days() {
    let app = TestApp::delivering().await;
    let id = app.captured("pm_card_visa").await;
    app.advance_clock(Duration::from_hours(30 * 24)).await;
    app.post("/v1/refunds", &[("payment_intent", &id)]).await;
    assert_eq!(kinds(&app.get("/v1/events").await), ["charge.refunded", "refund.created"]);
}

#[tokio::test]
async fn stripes_client_reads_the_events() {
    let app = TestApp::start().await;
    app.captured("pm_card_visa").await;
    let pages = stripe_core::event::ListEvent::new().limit(2).paginate();
    let client = app.stripe();
    let all: Vec<stripe_shared::Event> = pages.stream(&client).try_collect().await.expect("all of them");
    assert_eq!(all.len(), 5);
    assert!(all.iter().all(|event| event.api_version.as_deref() == Some("2026-09-30.endive")));
}

#[tokio::test]
async fn an_event_that_was_taken_or_dropped_may_be_sent_again() {
    let app = TestApp::delivering().await;
    app.sim.faults().set(|faults| faults.webhooks.drop = 1);
    app.create().await;
    app.wait_until_idle().await;
    assert!(app.receiver.received().is_empty());
    let id = app.get("/v1/events").await.body["data"][0]["id"].as_str().expect("an id").to_owned();
    for sent in 1..=2 {
        assert_eq!(app.post(&format!("/sim/events/{id}/resend"), &[]).await.status, 200);
        app.wait_until_idle().await;
        assert_eq!(app.receiver.received().len(), sent);
    }
    assert_eq!(app.post("/sim/events/evt_1/resend", &[]).await.status, 404);
}
