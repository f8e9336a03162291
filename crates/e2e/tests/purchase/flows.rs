//! The flows that run on every deployment.

use common::{Currency, Money};
use e2e::audit::captured_amount;
use e2e::{Person, cards};
use parking_lot::Mutex;
use reqwest::Method;
use serde_json::{Value, json};

use crate::deployment::Deployment;

pub(crate) const fn usd(amount: i64) -> Money {
    Money { amount, currency: Currency::Usd }
}

pub(crate) fn id(thing: &Value) -> &str {
    thing["id"].as_str().expect("an id")
}

pub(crate) async fn two_people(on: &impl Deployment) -> (Person, Person) {
    (on.person("seller").await, on.person("buyer").await)
}

pub(crate) async fn ticket(on: &impl Deployment, ticket: &Value) -> Value {
    on.endpoints().get(&format!("/api/tickets/{}", id(ticket))).await.json
}

pub(crate) async fn ticket_becomes(on: &impl Deployment, shown: &Value, status: &str) {
    let condition = async || ticket(on, shown).await["status"] == status;
    on.poll_until(&format!("the ticket is {status}"), condition).await;
}

pub(crate) async fn becomes(on: &impl Deployment, buyer: &Person, order: &Value, status: &str) {
    let condition = async || buyer.order(order).await["status"] == status;
    on.poll_until(&format!("the order is {status}"), condition).await;
}

pub(crate) async fn is_cancelled(on: &impl Deployment, buyer: &Person, order: &Value, why: &str) {
    becomes(on, buyer, order, "cancelled").await;
    assert_eq!(buyer.order(order).await["cancelReason"], why);
}

/// An order that waits for its payment.
pub(crate) async fn awaiting(on: &impl Deployment) -> (Person, Value) {
    let (seller, buyer) = two_people(on).await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    becomes(on, &buyer, &order, "awaiting-payment").await;
    (buyer, order)
}

pub(crate) async fn two_people_trade_a_ticket(on: &impl Deployment) {
    let (seller, buyer) = two_people(on).await;
    let offered = seller.sells("Concert", usd(20_00)).await;
    let order = buyer.buys(&offered).await;
    becomes(on, &buyer, &order, "awaiting-payment").await;
    assert_eq!(ticket(on, &offered).await["status"], "reserved");

    assert_eq!(buyer.pays(&order, cards::VISA).await.json["status"], "requires_capture");
    becomes(on, &buyer, &order, "complete").await;
    ticket_becomes(on, &offered, "sold").await;
    assert_eq!(captured_amount(&on.endpoints(), id(&order)).await, 20_00);
    let bought = buyer.all("/api/tickets/mine?role=bought").await;
    assert_eq!((bought.len(), &bought[0]["orderId"]), (1, &order["id"]));
}

pub(crate) async fn an_unpaid_order_frees_its_ticket_when_it_expires(on: &impl Deployment) {
    let (seller, buyer) = two_people(on).await;
    let offered = seller.sells("Concert", usd(20_00)).await;
    let order = buyer.buys(&offered).await;
    becomes(on, &buyer, &order, "awaiting-payment").await;
    on.half_the_hold_passes().await;
    assert_eq!(buyer.order(&order).await["status"], "awaiting-payment");
    on.half_the_hold_passes().await;
    is_cancelled(on, &buyer, &order, "expired").await;
    ticket_becomes(on, &offered, "available").await;

    let next = on.person("next").await;
    let order = next.buys(&offered).await;
    becomes(on, &next, &order, "awaiting-payment").await;
    next.pays(&order, cards::VISA).await;
    becomes(on, &next, &order, "complete").await;
}

pub(crate) async fn a_cancelled_order_frees_its_ticket_at_once(on: &impl Deployment) {
    let (seller, buyer) = two_people(on).await;
    let offered = seller.sells("Concert", usd(20_00)).await;
    let order = buyer.buys(&offered).await;
    assert_eq!(buyer.cancels(&order).await.status, 204);
    // No wait for the events: every buyer may order again right away.
    let again = buyer.buys(&offered).await;
    assert_eq!(buyer.order(&order).await["cancelReason"], "by-buyer");
    becomes(on, &buyer, &again, "awaiting-payment").await;
    assert_eq!(buyer.cancels(&again).await.status, 204);
    assert_eq!(buyer.cancels(&again).await.status, 204);
    ticket_becomes(on, &offered, "available").await;
}

pub(crate) async fn an_authorized_payment_of_a_cancelled_order_is_voided(on: &impl Deployment) {
    let (buyer, order) = awaiting(on).await;
    let payment = buyer.begins_to_pay(&order).await;
    assert_eq!(buyer.cancels(&order).await.status, 204);
    // The card processor may still accept the card at the same moment; the money must not be captured.
    buyer.enters_card(&payment.json, cards::VISA).await;
    is_voided(on, &buyer, &payment.json).await;
    assert_eq!(buyer.order(&order).await["cancelReason"], "by-buyer");
    assert_eq!(captured_amount(&on.endpoints(), id(&order)).await, 0);
}

/// Waits until the buyer sees that nothing can be captured any more.
pub(crate) async fn is_voided(on: &impl Deployment, buyer: &Person, payment: &Value) {
    let path = format!("/api/payments/{}", id(payment));
    let condition = async || buyer.get(&path).await.json["status"] == "voided";
    on.poll_until("the payment is voided", condition).await;
}

pub(crate) async fn a_declined_card_can_be_replaced_by_another(on: &impl Deployment) {
    let (buyer, order) = awaiting(on).await;
    for (card, code) in
        [(cards::DECLINED, "generic_decline"), (cards::INSUFFICIENT_FUNDS, "insufficient_funds")]
    {
        let declined = buyer.pays(&order, card).await;
        assert_eq!(declined.status, 402);
        assert_eq!(declined.json["error"]["decline_code"], code);
    }
    let path = format!("/api/payments?orderId={}", id(&order));
    let condition = async || buyer.all(&path).await[0]["lastError"]["message"].is_string();
    on.poll_until("the buyer sees why the card was declined", condition).await;
    assert_eq!(buyer.all(&path).await.len(), 1);
    buyer.pays(&order, cards::VISA).await;
    becomes(on, &buyer, &order, "complete").await;
}

pub(crate) async fn a_payment_confirmed_after_the_deadline_is_voided_and_never_captured(
    on: &impl Deployment,
) {
    let (buyer, order) = awaiting(on).await;
    let payment = buyer.begins_to_pay(&order).await;
    on.half_the_hold_passes().await;
    on.half_the_hold_passes().await;
    on.a_second_passes().await;
    buyer.enters_card(&payment.json, cards::VISA).await;
    is_voided(on, &buyer, &payment.json).await;
    is_cancelled(on, &buyer, &order, "expired").await;
    assert_eq!(captured_amount(&on.endpoints(), id(&order)).await, 0);
}

pub(crate) async fn a_three_d_secure_card_completes_after_its_step(on: &impl Deployment) {
    let (buyer, order) = awaiting(on).await;
    let asked = buyer.pays(&order, cards::THREE_D_SECURE).await;
    assert_eq!(asked.json["status"], "requires_action", "{}", asked.json);
    assert_eq!(buyer.order(&order).await["status"], "awaiting-payment");
    let endpoints = on.endpoints();
    let url = format!("{}/sim/3ds/{}/accept", endpoints.stripe, asked.text("id"));
    e2e::Endpoints::send(endpoints.http.post(url)).await;
    becomes(on, &buyer, &order, "complete").await;
}

pub(crate) async fn a_price_that_changed_meanwhile_is_never_charged(on: &impl Deployment) {
    let (seller, buyer) = two_people(on).await;
    let seen = seller.sells("Concert", usd(20_00)).await;
    let path = format!("/api/tickets/{}", id(&seen));
    let dearer = json!({ "title": "Concert", "price": usd(90_00) });
    assert_eq!(seller.request(Method::PUT, &path, Some(dearer)).await.status, 200);
    let dearer = ticket(on, &seen).await;
    let placed = Mutex::new(Value::Null);
    let condition = async || {
        let reply = buyer.orders(&dearer).await;
        placed.lock().clone_from(&reply.json);
        reply.status == 201
    };
    on.poll_until("the ticket's replica has the new price", condition).await;
    let order = placed.into_inner();
    becomes(on, &buyer, &order, "awaiting-payment").await;
    let rival = on.person("rival").await;
    let cheaper = json!({ "title": "Concert", "price": usd(10_00) });
    let locked = seller.request(Method::PUT, &path, Some(cheaper)).await;
    assert_eq!((locked.status, locked.text("code")), (409, "ticket-reserved".to_owned()));
    assert_eq!(buyer.cancels(&order).await.status, 204);
    let refused = rival.orders(&seen).await;
    assert_eq!((refused.status, refused.text("code")), (409, "price-changed".to_owned()));
    let order = buyer.buys(&dearer).await;
    becomes(on, &buyer, &order, "awaiting-payment").await;
    buyer.pays(&order, cards::VISA).await;
    becomes(on, &buyer, &order, "complete").await;
    assert_eq!(captured_amount(&on.endpoints(), id(&order)).await, 90_00);
}

pub(crate) async fn of_many_simultaneous_buyers_one_gets_the_ticket(on: &impl Deployment) {
    let seller = on.person("seller").await;
    let offered = seller.sells("Concert", usd(20_00)).await;
    let mut buyers = Vec::new();
    for number in 0..5 {
        buyers.push(on.person(&format!("buyer{number}")).await);
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
