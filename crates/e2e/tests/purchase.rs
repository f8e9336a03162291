//! A purchase, and everything else that can become of an order.

use std::time::Duration;

use common::{Currency, Money};
use e2e::{HOLD, World, cards};
use serde_json::{Value, json};

const fn usd(amount: i64) -> Money {
    Money { amount, currency: Currency::Usd }
}

async fn ticket(world: &World, ticket: &Value) -> Value {
    world.place.get(&format!("/api/tickets/{}", ticket["id"].as_str().expect("an id"))).await.json
}

#[tokio::test]
async fn two_people_trade_a_ticket() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let offered = seller.sells("Concert", usd(20_00)).await;
    let order = buyer.buys(&offered).await;
    world.settle().await;
    assert_eq!(buyer.order(&order).await["status"], "awaiting-payment");
    assert_eq!(ticket(&world, &offered).await["status"], "reserved");

    assert_eq!(buyer.pays(&order, cards::VISA).await.json["status"], "requires_capture");
    world.settle().await;
    assert_eq!(buyer.order(&order).await["status"], "complete");
    assert_eq!(ticket(&world, &offered).await["status"], "sold");
    assert_eq!(world.stripe().captured_total(Currency::Usd).await.expect("a total"), usd(20_00));
    let bought = buyer.all("/api/tickets/mine?role=bought").await;
    assert_eq!((bought.len(), &bought[0]["orderId"]), (1, &order["id"]));
    assert_eq!(world.ends_well().await.complete, 1);
}

#[tokio::test]
async fn an_unpaid_order_frees_its_ticket_when_it_expires() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let offered = seller.sells("Concert", usd(20_00)).await;
    let order = buyer.buys(&offered).await;
    world.settle().await;
    world.advance(HOLD.saturating_sub(Duration::from_secs(30))).await;
    assert_eq!(buyer.order(&order).await["status"], "awaiting-payment");
    world.advance(Duration::from_secs(30)).await;
    let order = buyer.order(&order).await;
    assert_eq!((&order["status"], &order["cancelReason"]), (&json!("cancelled"), &json!("expired")));
    assert_eq!(ticket(&world, &offered).await["status"], "available");

    let next = world.person("next").await;
    let order = next.buys(&offered).await;
    world.settle().await;
    next.pays(&order, cards::VISA).await;
    world.settle().await;
    assert_eq!(next.order(&order).await["status"], "complete");
    world.ends_well().await;
}

#[tokio::test]
async fn a_cancelled_order_frees_its_ticket_at_once() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let offered = seller.sells("Concert", usd(20_00)).await;
    let order = buyer.buys(&offered).await;
    assert_eq!(buyer.cancels(&order).await.status, 204);
    // Nobody waits for the events: the one who cancelled, or anybody else, may order again right away.
    let again = buyer.buys(&offered).await;
    world.settle().await;
    assert_eq!(buyer.order(&order).await["cancelReason"], "by-buyer");
    assert_eq!(buyer.order(&again).await["status"], "awaiting-payment");
    assert_eq!(buyer.cancels(&again).await.status, 204);
    assert_eq!(buyer.cancels(&again).await.status, 204);
    world.settle().await;
    assert_eq!(ticket(&world, &offered).await["status"], "available");
    world.ends_well().await;
}

#[tokio::test]
async fn an_authorized_payment_of_a_cancelled_order_is_voided() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    world.settle().await;
    let payment = buyer.begins_to_pay(&order).await;
    assert_eq!(buyer.cancels(&order).await.status, 204);
    // The card may still be accepted by the card processor at the same moment; nobody may take the money.
    buyer.enters_card(&payment.json, cards::VISA).await;
    world.settle().await;
    world.advance(Duration::from_mins(2)).await;
    assert_eq!(buyer.order(&order).await["cancelReason"], "by-buyer");
    assert_eq!(world.stripe().captured_total(Currency::Usd).await.expect("a total"), usd(0));
    world.ends_well().await;
}

#[tokio::test]
async fn a_declined_card_can_be_replaced_by_another() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    world.settle().await;
    for (card, code) in
        [(cards::DECLINED, "generic_decline"), (cards::INSUFFICIENT_FUNDS, "insufficient_funds")]
    {
        let declined = buyer.pays(&order, card).await;
        assert_eq!(declined.status, 402);
        assert_eq!(declined.json["error"]["decline_code"], code);
        world.settle().await;
    }
    let payments =
        buyer.all(&format!("/api/payments?orderId={}", order["id"].as_str().expect("an id"))).await;
    assert_eq!(payments.len(), 1);
    assert!(payments[0]["lastError"]["message"].is_string(), "{}", payments[0]);
    buyer.pays(&order, cards::VISA).await;
    world.settle().await;
    assert_eq!(buyer.order(&order).await["status"], "complete");
    world.ends_well().await;
}

#[tokio::test]
async fn a_payment_confirmed_after_the_deadline_is_voided_and_never_captured() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    world.settle().await;
    let payment = buyer.begins_to_pay(&order).await;
    world.clock.advance(HOLD);
    buyer.enters_card(&payment.json, cards::VISA).await;
    world.settle().await;
    world.advance(Duration::from_mins(2)).await;
    assert_eq!(world.stripe().captured_total(Currency::Usd).await.expect("a total"), usd(0));
    assert_eq!(buyer.order(&order).await["cancelReason"], "expired");
    world.ends_well().await;
}

#[tokio::test]
async fn a_three_d_secure_card_completes_after_its_step() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    world.settle().await;
    let asked = buyer.pays(&order, cards::THREE_D_SECURE).await;
    assert_eq!(asked.json["status"], "requires_action", "{}", asked.json);
    world.settle().await;
    assert_eq!(buyer.order(&order).await["status"], "awaiting-payment");
    let url = format!("{}/sim/3ds/{}/accept", world.place.stripe, asked.text("id"));
    e2e::Place::send(world.place.http.post(url)).await;
    world.settle().await;
    assert_eq!(buyer.order(&order).await["status"], "complete");
    world.ends_well().await;
}

#[tokio::test]
async fn a_price_that_changed_meanwhile_is_never_charged() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let seen = seller.sells("Concert", usd(20_00)).await;
    let path = format!("/api/tickets/{}", seen["id"].as_str().expect("an id"));
    let dearer = json!({ "title": "Concert", "price": usd(90_00) });
    assert_eq!(seller.request("PUT".parse().expect("a method"), &path, Some(dearer)).await.status, 200);
    world.settle().await;
    let refused = buyer.orders(&seen).await;
    assert_eq!((refused.status, refused.text("code")), (409, "price-changed".to_owned()));
    let order = buyer.buys(&ticket(&world, &seen).await).await;
    world.settle().await;
    let cheaper = json!({ "title": "Concert", "price": usd(10_00) });
    let locked = seller.request("PUT".parse().expect("a method"), &path, Some(cheaper)).await;
    assert_eq!((locked.status, locked.text("code")), (409, "ticket-reserved".to_owned()));
    buyer.pays(&order, cards::VISA).await;
    world.settle().await;
    assert_eq!(world.stripe().captured_total(Currency::Usd).await.expect("a total"), usd(90_00));
    world.ends_well().await;
}

#[tokio::test]
async fn of_many_simultaneous_buyers_one_gets_the_ticket() {
    let world = World::start().await;
    let seller = world.person("seller").await;
    let offered = seller.sells("Concert", usd(20_00)).await;
    world.settle().await;
    let mut buyers = Vec::new();
    for number in 0..5 {
        buyers.push(world.person(&format!("buyer{number}")).await);
    }
    let mut tries = tokio::task::JoinSet::new();
    for attempt in 0..40 {
        let (buyer, offered) = (buyers[attempt % 5].clone(), offered.clone());
        tries.spawn(async move { buyer.orders(&offered).await.status });
    }
    let mut statuses = tries.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
    world.ends_well().await;
}

#[tokio::test]
async fn a_refund_by_the_operator_marks_the_order_and_reaches_the_buyer() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    world.settle().await;
    buyer.pays(&order, cards::VISA).await;
    world.settle().await;
    let id = order["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let clock: common::SharedClock = std::sync::Arc::new(world.clock.clone());
    payments::refund(world.payments(), &clock, id).await.expect("it was paid");
    world.advance(Duration::from_secs(6)).await;
    world.until("the order is marked", async || buyer.order(&order).await["refunded"].is_object()).await;
    let order = buyer.order(&order).await;
    assert_eq!((&order["status"], &order["refunded"]), (&json!("complete"), &json!(usd(20_00))));
    assert_eq!(world.stripe().refunded_total(Currency::Usd).await.expect("a total"), usd(20_00));
    let statement = seller.all("/api/payments/statement").await;
    assert_eq!(statement[0]["proceeds"], json!(usd(0)));
    world.ends_well().await;
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
    world.until("the dispute is known", async || buyer.order(&order).await["dispute"] == "open").await;
    assert_eq!(buyer.order(&order).await["status"], "complete");
    world.ends_well().await;
}
