//! Each fault of the card processor by itself: both promises hold.

use std::time::Duration;

use common::{Currency, Money};
use e2e::{Person, World, cards};
use serde_json::{Value, json};

const PRICE: Money = Money { amount: 20_00, currency: Currency::Usd };

/// An order that waits for its payment.
async fn awaiting(world: &World) -> (Person, Value) {
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", PRICE).await).await;
    world.settle().await;
    (buyer, order)
}

async fn becomes(world: &World, buyer: &Person, order: &Value, status: &str) {
    let condition = async || buyer.order(order).await["status"] == status;
    world.poll_until(&format!("the order is {status}"), condition).await;
}

#[tokio::test]
async fn a_webhook_that_never_comes_does_not_matter() {
    let world = World::start().await;
    let (buyer, order) = awaiting(&world).await;
    world.endpoints.stripe_faults(json!({ "webhooks": { "drop": 100 } })).await;
    buyer.pays(&order, cards::VISA).await;
    becomes(&world, &buyer, &order, "complete").await;
    world.finish().await;
}

#[tokio::test]
async fn webhooks_that_come_twice_or_late_change_nothing() {
    for faults in [json!({ "webhooks": { "duplicate": 100 } }), json!({ "webhooks": { "delayMs": 20_000 } })]
    {
        let world = World::start().await;
        let (buyer, order) = awaiting(&world).await;
        world.endpoints.stripe_faults(faults).await;
        buyer.pays(&order, cards::VISA).await;
        becomes(&world, &buyer, &order, "complete").await;
        world.advance(Duration::from_mins(1)).await;
        assert_eq!(world.stripe().captured_total(Currency::Usd).await.expect("a total"), PRICE);
        world.finish().await;
    }
}

#[tokio::test]
async fn an_answer_of_500_after_the_work_was_done_takes_the_money_once() {
    // The first call creates the payment; the second captures it.
    for skipped in 0..2 {
        let world = World::start().await;
        let (buyer, order) = awaiting(&world).await;
        let faults = json!({ "api": { "failAfterCommit": 1 } });
        if skipped == 0 {
            world.endpoints.stripe_faults(faults).await;
            let begun = buyer.begins_to_pay(&order).await;
            assert!([200, 201, 503].contains(&begun.status), "{} {}", begun.status, begun.json);
            world.advance(Duration::from_mins(1)).await;
            buyer.pays(&order, cards::VISA).await;
        } else {
            let payment = buyer.begins_to_pay(&order).await;
            buyer.enters_card(&payment.json, cards::VISA).await;
            world.endpoints.stripe_faults(faults).await;
        }
        becomes(&world, &buyer, &order, "complete").await;
        let intents = world.stripe().payment_intents().await.expect("a list");
        assert_eq!(intents.iter().filter(|one| one.status == stripe_sim::Status::Succeeded).count(), 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_capture_that_fails_for_good_cancels_the_order_and_frees_the_ticket() {
    let world = World::start().await;
    let (buyer, order) = awaiting(&world).await;
    world.endpoints.stripe_faults(json!({ "captureFails": 1 })).await;
    buyer.pays(&order, cards::VISA).await;
    becomes(&world, &buyer, &order, "cancelled").await;
    assert_eq!(buyer.order(&order).await["cancelReason"], "payment-failed");
    let ticket = order["ticket"]["id"].as_str().expect("an id");
    assert_eq!(world.endpoints.get(&format!("/api/tickets/{ticket}")).await.json["status"], "available");
    assert_eq!(world.stripe().captured_total(Currency::Usd).await.expect("a total").amount, 0);
    world.finish().await;
}

#[tokio::test]
async fn while_stripe_is_unavailable_nothing_is_lost() {
    let world = World::start().await;
    let (buyer, order) = awaiting(&world).await;
    world.endpoints.stripe_faults(json!({ "api": { "failBefore": 1 } })).await;
    let begun = buyer.begins_to_pay(&order).await;
    assert!([201, 503].contains(&begun.status), "{} {}", begun.status, begun.json);
    world.advance(Duration::from_secs(30)).await;
    buyer.pays(&order, cards::VISA).await;
    becomes(&world, &buyer, &order, "complete").await;
    world.finish().await;
}
