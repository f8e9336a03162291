//! Events as the API tells of them.

use std::time::Duration;

use futures::TryStreamExt;
use serde_json::Value;

use crate::support::{Answer, World};

fn kinds(answer: &Answer) -> Vec<&str> {
    let data = answer.body["data"].as_array().expect("a list").iter();
    data.map(|event| event["type"].as_str().expect("a type")).collect()
}

#[tokio::test]
async fn everything_that_happened_is_listed_newest_first_whoever_was_told() {
    let world = World::start().await;
    let id = world.authorized().await;
    world.post(&format!("/v1/payment_intents/{id}/capture"), &[]).await;
    world.post("/v1/refunds", &[("payment_intent", &id)]).await;
    let all = world.get("/v1/events").await;
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
    assert_eq!(kinds(&world.get("/v1/events?type=charge.captured").await), ["charge.captured"]);
    assert_eq!(kinds(&world.get("/v1/events?type=charge.*").await).len(), 3);
    let two = world.get("/v1/events?types[]=charge.captured&types[]=refund.created").await;
    assert_eq!(kinds(&two), ["refund.created", "charge.captured"]);
    assert_eq!(world.get("/v1/events?type=a.b&types[]=c.d").await.status, 400);
    let (mut seen, mut query) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/events?limit=2{query}")).await;
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
    let mut world = World::start().await;
    let id = world.authorized().await;
    let waiting = world.get("/v1/events?delivery_success=false").await;
    assert_eq!(kinds(&waiting).len(), 2, "nobody wants to hear of the charge, so that is delivered");
    world.deliver();
    world.settle().await;
    assert!(kinds(&world.get("/v1/events?delivery_success=false").await).is_empty());
    let sent = world.receiver.received().remove(0).json();
    let found = world.get(&format!("/v1/events/{}", sent["id"].as_str().expect("an id"))).await.body;
    let without_pending = |mut event: Value| {
        assert!(event.as_object_mut().expect("an object").remove("pending_webhooks").is_some());
        event
    };
    assert_eq!(found["pending_webhooks"], 0);
    assert_eq!(without_pending(found), without_pending(sent));
    for missing in [format!("evt_{}63", &id[3..]), "evt_1".to_owned(), id] {
        let answer = world.get(&format!("/v1/events/{missing}")).await;
        assert_eq!((answer.status, answer.code()), (404, "resource_missing"), "{missing}");
    }
}

#[tokio::test]
async fn what_changed_is_told_as_it_was() {
    let world = World::telling_all().await;
    let id = world.authorized().await;
    world.post(&format!("/v1/payment_intents/{id}/capture"), &[]).await;
    world.post("/v1/refunds", &[("payment_intent", &id), ("amount", "100")]).await;
    world.settle().await;
    let event = world.receiver.received().pop().expect("an event").json();
    assert_eq!(event["type"], "charge.refunded");
    assert_eq!(event["data"]["previous_attributes"], serde_json::json!({ "amount_refunded": 0 }));
}

#[tokio::test]
async fn an_event_is_forgotten_after_thirty_days() {
    let world = World::delivering().await;
    let id = world.authorized().await;
    world.post(&format!("/v1/payment_intents/{id}/capture"), &[]).await;
    world.pass(Duration::from_hours(30 * 24)).await;
    world.post("/v1/refunds", &[("payment_intent", &id)]).await;
    assert_eq!(kinds(&world.get("/v1/events").await), ["charge.refunded", "refund.created"]);
}

#[tokio::test]
async fn stripes_client_reads_the_events() {
    let world = World::start().await;
    let id = world.authorized().await;
    world.post(&format!("/v1/payment_intents/{id}/capture"), &[]).await;
    let pages = stripe_core::event::ListEvent::new().limit(2).paginate();
    let client = world.stripe();
    let all: Vec<stripe_shared::Event> = pages.stream(&client).try_collect().await.expect("all of them");
    assert_eq!(all.len(), 5);
    assert!(all.iter().all(|event| event.api_version.as_deref() == Some("2026-09-30.endive")));
}

#[tokio::test]
async fn an_event_that_was_taken_or_dropped_may_be_sent_again() {
    let world = World::delivering().await;
    world.sim.faults().set(|faults| faults.webhooks.drop = 1);
    world.create().await;
    world.settle().await;
    assert!(world.receiver.received().is_empty());
    let id = world.get("/v1/events").await.body["data"][0]["id"].as_str().expect("an id").to_owned();
    for sent in 1..=2 {
        assert_eq!(world.post(&format!("/sim/events/{id}/resend"), &[]).await.status, 200);
        world.settle().await;
        assert_eq!(world.receiver.received().len(), sent);
    }
    assert_eq!(world.post("/sim/events/evt_1/resend", &[]).await.status, 404);
}
