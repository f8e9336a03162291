//! Refunds and disputes after a purchase, on a simulated clock.

use std::sync::Arc;
use std::time::Duration;

use common::{Currency, SharedClock};
use e2e::{Endpoints, World, cards};
use serde_json::json;

use crate::flows::usd;

#[tokio::test]
async fn a_refund_by_the_operator_marks_the_order_and_reaches_the_buyer() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    world.settle().await;
    buyer.pays(&order, cards::VISA).await;
    world.settle().await;
    let id = order["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let clock: SharedClock = Arc::new(world.clock.clone());
    payments::refund(world.payments(), &clock, id).await.expect("a paid order");
    world.advance(Duration::from_secs(6)).await;
    world
        .poll_until("the order shows the refund", async || buyer.order(&order).await["refunded"].is_object())
        .await;
    let order = buyer.order(&order).await;
    assert_eq!((&order["status"], &order["refunded"]), (&json!("complete"), &json!(usd(20_00))));
    assert_eq!(world.stripe().refunded_total(Currency::Usd).await.expect("a total"), usd(20_00));
    let sold = seller.all("/api/tickets/mine").await;
    assert_eq!((&sold[0]["status"], &sold[0]["refunded"]), (&json!("sold"), &json!(usd(20_00))));
    let statement = seller.all("/api/payments/statement").await;
    assert_eq!(statement[0]["proceeds"], json!(usd(0)));
    world.finish().await;
}

#[tokio::test]
async fn a_dispute_is_shown_on_the_order() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    world.settle().await;
    buyer.pays(&order, cards::DISPUTED).await;
    world.settle().await;
    world.advance(Duration::from_secs(4)).await;
    world.poll_until("the dispute is shown", async || buyer.order(&order).await["dispute"] == "open").await;
    assert_eq!(buyer.order(&order).await["status"], "complete");
    assert_eq!(seller.all("/api/tickets/mine").await[0]["dispute"], "open");
    // The operator does not respond to the dispute.
    world.advance(Duration::from_hours(7 * 24)).await;
    for person in [&seller, &buyer] {
        assert_eq!(person.signs_in().await.status, 200);
    }
    world.poll_until("the dispute is lost", async || buyer.order(&order).await["dispute"] == "lost").await;
    assert_eq!(seller.all("/api/tickets/mine").await[0]["dispute"], "lost");
    assert_eq!(seller.all("/api/payments/statement").await[0]["proceeds"], json!(usd(0)));
    world.finish().await;
}

#[tokio::test]
async fn money_that_is_given_back_at_stripe_is_shown_on_the_order_and_on_the_ticket() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    world.settle().await;
    let intent = buyer.pays(&order, cards::VISA).await.text("id");
    world
        .poll_until("the order is complete", async || buyer.order(&order).await["status"] == "complete")
        .await;
    for (part, whole) in [(5_00, 5_00), (15_00, 20_00)] {
        let form = format!("payment_intent={intent}&amount={part}");
        let request = world.endpoints.http.post(format!("{}/v1/refunds", world.endpoints.stripe));
        let request = request.bearer_auth("sk_test_sim").body(form);
        let reply =
            Endpoints::send(request.header("content-type", "application/x-www-form-urlencoded")).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        let shown = json!(usd(whole));
        world
            .poll_until("the order shows the refund", async || buyer.order(&order).await["refunded"] == shown)
            .await;
        let sold = seller.all("/api/tickets/mine").await;
        assert_eq!((&sold[0]["status"], &sold[0]["refunded"]), (&json!("sold"), &shown));
        let statement = seller.all("/api/payments/statement").await;
        assert_eq!(statement[0]["proceeds"], json!(usd(20_00 - whole)));
    }
    world.finish().await;
}
