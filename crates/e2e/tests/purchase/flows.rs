//! The flows.

use common::{Currency, Money};
use e2e::audit::money_taken;
use e2e::{Person, cards};
use parking_lot::Mutex;
use reqwest::Method;
use serde_json::{Value, json};

use crate::market::Market;

pub(crate) const fn usd(amount: i64) -> Money {
    Money { amount, currency: Currency::Usd }
}

pub(crate) fn id(thing: &Value) -> &str {
    thing["id"].as_str().expect("an id")
}

pub(crate) async fn two_people(market: &impl Market) -> (Person, Person) {
    (market.person("seller").await, market.person("buyer").await)
}

pub(crate) async fn ticket(market: &impl Market, ticket: &Value) -> Value {
    market.place().get(&format!("/api/tickets/{}", id(ticket))).await.json
}

pub(crate) async fn ticket_becomes(market: &impl Market, seen: &Value, status: &str) {
    let look = async || ticket(market, seen).await["status"] == status;
    market.until(&format!("the ticket is {status}"), look).await;
}

pub(crate) async fn becomes(market: &impl Market, buyer: &Person, order: &Value, status: &str) {
    let look = async || buyer.order(order).await["status"] == status;
    market.until(&format!("the order is {status}"), look).await;
}

pub(crate) async fn is_cancelled(market: &impl Market, buyer: &Person, order: &Value, why: &str) {
    becomes(market, buyer, order, "cancelled").await;
    assert_eq!(buyer.order(order).await["cancelReason"], why);
}

/// An order that waits for its payment.
pub(crate) async fn awaiting(market: &impl Market) -> (Person, Value) {
    let (seller, buyer) = two_people(market).await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    becomes(market, &buyer, &order, "awaiting-payment").await;
    (buyer, order)
}

pub(crate) async fn two_people_trade_a_ticket(market: &impl Market) {
    let (seller, buyer) = two_people(market).await;
    let offered = seller.sells("Concert", usd(20_00)).await;
    let order = buyer.buys(&offered).await;
    becomes(market, &buyer, &order, "awaiting-payment").await;
    assert_eq!(ticket(market, &offered).await["status"], "reserved");

    assert_eq!(buyer.pays(&order, cards::VISA).await.json["status"], "requires_capture");
    becomes(market, &buyer, &order, "complete").await;
    ticket_becomes(market, &offered, "sold").await;
    assert_eq!(money_taken(&market.place(), id(&order)).await, 20_00);
    let bought = buyer.all("/api/tickets/mine?role=bought").await;
    assert_eq!((bought.len(), &bought[0]["orderId"]), (1, &order["id"]));
}

pub(crate) async fn an_unpaid_order_frees_its_ticket_when_it_expires(market: &impl Market) {
    let (seller, buyer) = two_people(market).await;
    let offered = seller.sells("Concert", usd(20_00)).await;
    let order = buyer.buys(&offered).await;
    becomes(market, &buyer, &order, "awaiting-payment").await;
    market.half_the_hold_passes().await;
    assert_eq!(buyer.order(&order).await["status"], "awaiting-payment");
    market.half_the_hold_passes().await;
    is_cancelled(market, &buyer, &order, "expired").await;
    ticket_becomes(market, &offered, "available").await;

    let next = market.person("next").await;
    let order = next.buys(&offered).await;
    becomes(market, &next, &order, "awaiting-payment").await;
    next.pays(&order, cards::VISA).await;
    becomes(market, &next, &order, "complete").await;
}

pub(crate) async fn a_cancelled_order_frees_its_ticket_at_once(market: &impl Market) {
    let (seller, buyer) = two_people(market).await;
    let offered = seller.sells("Concert", usd(20_00)).await;
    let order = buyer.buys(&offered).await;
    assert_eq!(buyer.cancels(&order).await.status, 204);
    // Nobody waits for the events: the one who cancelled, or anybody else, may order again right away.
    let again = buyer.buys(&offered).await;
    assert_eq!(buyer.order(&order).await["cancelReason"], "by-buyer");
    becomes(market, &buyer, &again, "awaiting-payment").await;
    assert_eq!(buyer.cancels(&again).await.status, 204);
    assert_eq!(buyer.cancels(&again).await.status, 204);
    ticket_becomes(market, &offered, "available").await;
}

pub(crate) async fn an_authorized_payment_of_a_cancelled_order_is_voided(market: &impl Market) {
    let (buyer, order) = awaiting(market).await;
    let payment = buyer.begins_to_pay(&order).await;
    assert_eq!(buyer.cancels(&order).await.status, 204);
    // The card may still be accepted by the card processor at the same moment; nobody may take the money.
    buyer.enters_card(&payment.json, cards::VISA).await;
    is_voided(market, &buyer, &payment.json).await;
    assert_eq!(buyer.order(&order).await["cancelReason"], "by-buyer");
    assert_eq!(money_taken(&market.place(), id(&order)).await, 0);
}

/// The buyer sees that nothing can be taken any more.
pub(crate) async fn is_voided(market: &impl Market, buyer: &Person, payment: &Value) {
    let path = format!("/api/payments/{}", id(payment));
    let look = async || buyer.get(&path).await.json["status"] == "voided";
    market.until("the payment is voided", look).await;
}

pub(crate) async fn a_declined_card_can_be_replaced_by_another(market: &impl Market) {
    let (buyer, order) = awaiting(market).await;
    for (card, code) in
        [(cards::DECLINED, "generic_decline"), (cards::INSUFFICIENT_FUNDS, "insufficient_funds")]
    {
        let declined = buyer.pays(&order, card).await;
        assert_eq!(declined.status, 402);
        assert_eq!(declined.json["error"]["decline_code"], code);
    }
    let path = format!("/api/payments?orderId={}", id(&order));
    let look = async || buyer.all(&path).await[0]["lastError"]["message"].is_string();
    market.until("the buyer sees why the card was declined", look).await;
    assert_eq!(buyer.all(&path).await.len(), 1);
    buyer.pays(&order, cards::VISA).await;
    becomes(market, &buyer, &order, "complete").await;
}

pub(crate) async fn a_payment_confirmed_after_the_deadline_is_voided_and_never_captured(
    market: &impl Market,
) {
    let (buyer, order) = awaiting(market).await;
    let payment = buyer.begins_to_pay(&order).await;
    market.half_the_hold_passes().await;
    market.half_the_hold_passes().await;
    buyer.enters_card(&payment.json, cards::VISA).await;
    is_voided(market, &buyer, &payment.json).await;
    is_cancelled(market, &buyer, &order, "expired").await;
    assert_eq!(money_taken(&market.place(), id(&order)).await, 0);
}

pub(crate) async fn a_three_d_secure_card_completes_after_its_step(market: &impl Market) {
    let (buyer, order) = awaiting(market).await;
    let asked = buyer.pays(&order, cards::THREE_D_SECURE).await;
    assert_eq!(asked.json["status"], "requires_action", "{}", asked.json);
    assert_eq!(buyer.order(&order).await["status"], "awaiting-payment");
    let place = market.place();
    let url = format!("{}/sim/3ds/{}/accept", place.stripe, asked.text("id"));
    e2e::Place::send(place.http.post(url)).await;
    becomes(market, &buyer, &order, "complete").await;
}

pub(crate) async fn a_price_that_changed_meanwhile_is_never_charged(market: &impl Market) {
    let (seller, buyer) = two_people(market).await;
    let seen = seller.sells("Concert", usd(20_00)).await;
    let path = format!("/api/tickets/{}", id(&seen));
    let dearer = json!({ "title": "Concert", "price": usd(90_00) });
    assert_eq!(seller.request(Method::PUT, &path, Some(dearer)).await.status, 200);
    let dearer = ticket(market, &seen).await;
    let placed = Mutex::new(Value::Null);
    let look = async || {
        let reply = buyer.orders(&dearer).await;
        placed.lock().clone_from(&reply.json);
        reply.status == 201
    };
    market.until("orders has heard of the new price", look).await;
    let order = placed.into_inner();
    becomes(market, &buyer, &order, "awaiting-payment").await;
    let rival = market.person("rival").await;
    let cheaper = json!({ "title": "Concert", "price": usd(10_00) });
    let locked = seller.request(Method::PUT, &path, Some(cheaper)).await;
    assert_eq!((locked.status, locked.text("code")), (409, "ticket-reserved".to_owned()));
    assert_eq!(buyer.cancels(&order).await.status, 204);
    let refused = rival.orders(&seen).await;
    assert_eq!((refused.status, refused.text("code")), (409, "price-changed".to_owned()));
    let order = buyer.buys(&dearer).await;
    becomes(market, &buyer, &order, "awaiting-payment").await;
    buyer.pays(&order, cards::VISA).await;
    becomes(market, &buyer, &order, "complete").await;
    assert_eq!(money_taken(&market.place(), id(&order)).await, 90_00);
}

pub(crate) async fn of_many_simultaneous_buyers_one_gets_the_ticket(market: &impl Market) {
    let seller = market.person("seller").await;
    let offered = seller.sells("Concert", usd(20_00)).await;
    let mut buyers = Vec::new();
    for number in 0..5 {
        buyers.push(market.person(&format!("buyer{number}")).await);
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
}
