//! A payment that Stripe authorized in time buys the ticket, whatever becomes of webhooks and of Stripe at the deadline.

use std::time::Duration;

use common::{Clock, Time};
use e2e::audit::captured_amount;
use e2e::{Person, World, cards};
use orders::domain::LAST_POLL_TIMEOUT;
use serde_json::{Value, json};

use crate::endings::{EVERYTHING, deadline, set, with_outage};
use crate::flows::{awaiting, becomes, id, is_cancelled, is_voided, ticket_becomes, usd};

/// Longer than the last poll waits for.
const LAST_POLL: Duration = Duration::from_secs(3);

fn second(time: Time) -> i64 {
    time.as_millis() / 1000
}

/// A world whose clock stands so long before the deadline of an order with a started payment.
async fn before_deadline(world: &World, left: Duration) -> (Person, Value, Value) {
    let (buyer, order) = awaiting(world).await;
    let payment = buyer.begins_to_pay(&order).await.json;
    let moment = deadline(&order).before(left);
    world.clock.advance(moment - world.clock.now());
    world.settle().await;
    (buyer, order, payment)
}

/// Lets time pass up to the deadline, and further until the last poll has answered.
async fn deadline_passes(world: &World, order: &Value) {
    world.advance(deadline(order) - world.clock.now()).await;
    world.advance(LAST_POLL).await;
}

async fn is_bought(world: &World, buyer: &Person, order: &Value) {
    assert_eq!(buyer.order(order).await["status"], "complete");
    assert_eq!(captured_amount(&world.endpoints, id(order)).await, 20_00);
}

async fn is_not_bought(world: &World, buyer: &Person, order: &Value, payment: &Value) {
    is_cancelled(world, buyer, order, "expired").await;
    ticket_becomes(world, &order["ticket"], "available").await;
    is_voided(world, buyer, payment).await;
    assert_eq!(captured_amount(&world.endpoints, id(order)).await, 0);
}

#[tokio::test]
async fn a_card_confirmed_before_the_deadline_buys_the_ticket_though_every_webhook_is_lost() {
    for left in [24, 4, 1] {
        let world = World::start().await;
        let (buyer, order, payment) = before_deadline(&world, Duration::from_secs(left)).await;
        world.endpoints.stripe_faults(json!({ "webhooks": { "drop": 100 } })).await;
        buyer.enters_card(&payment, cards::VISA).await;
        deadline_passes(&world, &order).await;
        is_bought(&world, &buyer, &order).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_card_confirmed_4_seconds_before_the_deadline_buys_the_ticket_though_webhooks_are_late() {
    let world = World::start().await;
    let (buyer, order, payment) = before_deadline(&world, Duration::from_secs(4)).await;
    world.endpoints.stripe_faults(json!({ "webhooks": { "delayMs": 8000 } })).await;
    buyer.enters_card(&payment, cards::VISA).await;
    deadline_passes(&world, &order).await;
    is_bought(&world, &buyer, &order).await;
    world.advance(Duration::from_mins(1)).await;
    world.finish().await;
}

#[tokio::test]
async fn a_card_confirmed_in_the_second_of_the_deadline_buys_the_ticket_and_a_later_one_does_not() {
    for offset in [-500, -1, 0, 1, 500, 1000_i64] {
        let world = World::start().await;
        let (buyer, order) = awaiting(&world).await;
        let payment = buyer.begins_to_pay(&order).await.json;
        let moment = Time::from_millis(deadline(&order).as_millis() + offset);
        world.clock.advance(moment - world.clock.now());
        buyer.enters_card(&payment, cards::VISA).await;
        let is_in_time = second(world.clock.now()) <= second(deadline(&order));
        deadline_passes(&world, &order).await;
        world.advance(Duration::from_mins(2)).await;
        let (status, amount) = if is_in_time { ("complete", 20_00) } else { ("cancelled", 0) };
        assert_eq!(buyer.order(&order).await["status"], status, "{offset} ms");
        assert_eq!(captured_amount(&world.endpoints, id(&order)).await, amount, "{offset} ms");
        world.finish().await;
    }
}

#[tokio::test]
async fn while_stripe_is_unavailable_at_the_deadline_the_order_waits_for_15_seconds() {
    for (seconds, is_known) in [(8, true), (LAST_POLL_TIMEOUT.as_secs(), false)] {
        let (world, outage) = with_outage().await;
        let (buyer, order, payment) = before_deadline(&world, Duration::from_secs(4)).await;
        set(&outage, EVERYTHING);
        buyer.enters_card(&payment, cards::VISA).await;
        world.advance(deadline(&order) - world.clock.now()).await;
        for _ in 0..seconds {
            assert_eq!(buyer.order(&order).await["status"], "awaiting-payment");
            world.advance(Duration::from_secs(1)).await;
        }
        set(&outage, None);
        if is_known {
            for _ in 0..2 {
                world.advance(Duration::from_secs(1)).await;
            }
            is_bought(&world, &buyer, &order).await;
        } else {
            is_not_bought(&world, &buyer, &order, &payment).await;
        }
        world.advance(Duration::from_mins(2)).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn an_order_without_a_payment_expires_at_its_deadline_and_one_with_a_payment_after_the_last_poll() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let unpaid = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    becomes(&world, &buyer, &unpaid, "awaiting-payment").await;
    world.advance(deadline(&unpaid) - world.clock.now()).await;
    assert_eq!(buyer.order(&unpaid).await["cancelReason"], "expired");

    let started = buyer.buys(&seller.sells("Play", usd(20_00)).await).await;
    becomes(&world, &buyer, &started, "awaiting-payment").await;
    buyer.begins_to_pay(&started).await;
    world.settle().await;
    world.advance(deadline(&started) - world.clock.now()).await;
    assert_eq!(buyer.order(&started).await["status"], "awaiting-payment", "Stripe is not polled yet");
    world.advance(LAST_POLL).await;
    assert_eq!(buyer.order(&started).await["cancelReason"], "expired");
    world.advance(Duration::from_mins(2)).await;
    world.finish().await;
}

#[tokio::test]
async fn a_page_that_has_seen_an_accepted_card_makes_payments_poll_at_once() {
    let world = World::start().await;
    let (buyer, order, payment) = before_deadline(&world, Duration::from_mins(5)).await;
    world.endpoints.stripe_faults(json!({ "webhooks": { "drop": 100 } })).await;
    buyer.enters_card(&payment, cards::VISA).await;
    world.settle().await;
    assert_eq!(buyer.get(&format!("/api/payments/{}", id(&payment))).await.status, 200);
    world.advance(Duration::from_secs(1)).await;
    is_bought(&world, &buyer, &order).await;
    world.finish().await;
}
