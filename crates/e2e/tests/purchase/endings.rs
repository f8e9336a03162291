//! The endings of a purchase that need the clock, or a card processor that is unavailable at the right moment.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{COOKIE, USER_AGENT};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use common::Time;
use e2e::audit::captured_amount;
use e2e::{Endpoints, HOLD_PERIOD, Person, World, WorldConfig, cards};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::join;

use crate::flows::{awaiting, becomes, id, is_cancelled, is_voided, ticket_becomes, usd};

/// Stripe's paths that contain this are unavailable to payments. Browsers reach everything.
pub(crate) type Outage = Arc<Mutex<Option<&'static str>>>;

const CAPTURES: Option<&str> = Some("/capture");
pub(crate) const EVERYTHING: Option<&str> = Some("/v1/");

pub(crate) async fn with_outage() -> (World, Outage) {
    let outage = Outage::default();
    let switch = Arc::clone(&outage);
    let pass = move |request: Request, next: Next| {
        let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let is_ours = agent.is_some_and(|agent| agent.starts_with("ticketing-payments/"));
        let is_unavailable = switch.lock().is_some_and(|part| request.uri().path().contains(part));
        async move {
            if is_ours && is_unavailable {
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            } else {
                next.run(request).await
            }
        }
    };
    let wrap_stripe = Box::new(|stripe: axum::Router| stripe.layer(from_fn(pass)));
    (World::with(WorldConfig { wrap_stripe, ..WorldConfig::default() }).await, outage)
}

pub(crate) fn set(outage: &Outage, part: Option<&'static str>) {
    *outage.lock() = part;
}

/// The buyer's page of the order.
async fn page(buyer: &Person, order: &Value) -> String {
    let url = format!("{}/orders/{}", buyer.endpoints.marketplace, id(order));
    let reply = buyer.endpoints.http.get(url).header(COOKIE, buyer.cookie()).send().await.expect("a page");
    reply.text().await.expect("text")
}

pub(crate) fn deadline(order: &Value) -> Time {
    order["expiresAt"].as_str().and_then(|time| time.parse().ok()).expect("a time")
}

#[tokio::test]
async fn two_tabs_that_pay_at_the_same_moment_charge_once() {
    let world = World::start().await;
    let (buyer, order) = awaiting(&world).await;
    let (one, other) = join!(buyer.begins_to_pay(&order), buyer.begins_to_pay(&order));
    assert_eq!(one.json["clientSecret"], other.json["clientSecret"], "both tabs pay the same payment");
    let (one, other) =
        join!(buyer.enters_card(&one.json, cards::VISA), buyer.enters_card(&other.json, cards::VISA));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{} {}", one.json, other.json);
    becomes(&world, &buyer, &order, "complete").await;
    assert_eq!(captured_amount(&world.endpoints, id(&order)).await, 20_00);
    world.finish().await;
}

#[tokio::test]
async fn a_buyer_who_confirms_and_cancels_at_once_gets_either_the_ticket_or_the_money() {
    for _ in 0..8 {
        let world = World::start().await;
        let (buyer, order) = awaiting(&world).await;
        let payment = buyer.begins_to_pay(&order).await.json;
        let (cancelled, _) = join!(buyer.cancels(&order), buyer.enters_card(&payment, cards::VISA));
        let (status, captured) = match cancelled.status {
            204 => ("cancelled", 0),
            _ => ("complete", 20_00),
        };
        becomes(&world, &buyer, &order, status).await;
        world.advance(Duration::from_mins(2)).await;
        assert_eq!(captured_amount(&world.endpoints, id(&order)).await, captured);
        world.finish().await;
    }
}

#[tokio::test]
async fn three_d_secure_that_is_refused_leaves_the_buyer_another_card() {
    let world = World::start().await;
    let (buyer, order) = awaiting(&world).await;
    let asked = buyer.pays(&order, cards::THREE_D_SECURE).await;
    let url = format!("{}/sim/3ds/{}/refuse", world.endpoints.stripe, asked.text("id"));
    assert_eq!(Endpoints::send(world.endpoints.http.post(url)).await.status, 200);
    world.settle().await;
    let path = format!("/api/payments?orderId={}", id(&order));
    let payments = buyer.all(&path).await;
    assert_eq!(payments[0]["lastError"]["code"], "payment_intent_authentication_failure", "{payments:?}");
    assert_eq!(buyer.order(&order).await["status"], "awaiting-payment");
    buyer.pays(&order, cards::VISA).await;
    becomes(&world, &buyer, &order, "complete").await;
    world.finish().await;
}

#[tokio::test]
async fn three_d_secure_that_is_abandoned_holds_the_ticket_no_longer_than_any_other_order() {
    let world = World::start().await;
    let (buyer, order) = awaiting(&world).await;
    let payment = buyer.begins_to_pay(&order).await.json;
    let asked = buyer.enters_card(&payment, cards::THREE_D_SECURE).await;
    let url = format!("{}/sim/3ds/{}/abandon", world.endpoints.stripe, asked.text("id"));
    assert_eq!(Endpoints::send(world.endpoints.http.post(url)).await.status, 200);
    world.advance(HOLD_PERIOD).await;
    is_cancelled(&world, &buyer, &order, "expired").await;
    ticket_becomes(&world, &order["ticket"], "available").await;
    is_voided(&world, &buyer, &payment).await;
    // A late answer on the bank's page is refused.
    let url = format!("{}/sim/3ds/{}/accept", world.endpoints.stripe, asked.text("id"));
    assert_eq!(Endpoints::send(world.endpoints.http.post(url)).await.status, 400);
    world.finish().await;
}

#[tokio::test]
async fn an_authorization_that_expires_before_it_could_be_taken_cancels_the_order() {
    let (world, outage) = with_outage().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    becomes(&world, &buyer, &order, "awaiting-payment").await;
    set(&outage, CAPTURES);
    buyer.pays(&order, cards::VISA).await;
    becomes(&world, &buyer, &order, "paying").await;
    world.advance(Duration::from_hours(7 * 24 + 1)).await;
    set(&outage, None);
    for person in [&seller, &buyer] {
        assert_eq!(person.signs_in().await.status, 200, "sessions expire sooner");
    }
    is_cancelled(&world, &buyer, &order, "payment-failed").await;
    ticket_becomes(&world, &order["ticket"], "available").await;
    assert_eq!(captured_amount(&world.endpoints, id(&order)).await, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_capture_that_is_refused_is_shown_to_the_buyer_and_frees_the_ticket() {
    let world = World::start().await;
    let (buyer, order) = awaiting(&world).await;
    world.endpoints.stripe_faults(json!({ "captureFails": 1 })).await;
    buyer.pays(&order, cards::VISA).await;
    is_cancelled(&world, &buyer, &order, "payment-failed").await;
    ticket_becomes(&world, &order["ticket"], "available").await;
    let page = page(&buyer, &order).await;
    assert!(page.contains("Your payment failed"), "{page}");
    let next = world.person("next").await;
    let again = next.buys(&order["ticket"]).await;
    next.pays(&again, cards::VISA).await;
    becomes(&world, &next, &again, "complete").await;
    assert_eq!(captured_amount(&world.endpoints, id(&order)).await, 0);
    world.finish().await;
}

#[tokio::test]
async fn while_stripe_is_unavailable_across_the_deadline_accepted_orders_complete_and_the_rest_expire() {
    let (world, outage) = with_outage().await;
    let (accepted_buyer, accepted) = awaiting(&world).await;
    let seller = world.person("another-seller").await;
    let late_buyer = world.person("late-buyer").await;
    let late = late_buyer.buys(&seller.sells("Play", usd(30_00)).await).await;
    becomes(&world, &late_buyer, &late, "awaiting-payment").await;
    let payment = late_buyer.begins_to_pay(&late).await.json;
    world.advance(Duration::from_mins(10)).await;

    set(&outage, CAPTURES);
    accepted_buyer.pays(&accepted, cards::VISA).await;
    becomes(&world, &accepted_buyer, &accepted, "paying").await;
    set(&outage, EVERYTHING);
    // Stripe accepts this card and then does not answer payments.
    assert_eq!(late_buyer.enters_card(&payment, cards::VISA).await.status, 200);
    for _ in 0..20 {
        world.advance(Duration::from_secs(30)).await;
    }
    assert_eq!(
        accepted_buyer.order(&accepted).await["status"],
        "paying",
        "an accepted order does not expire"
    );
    assert_eq!(late_buyer.order(&late).await["cancelReason"], "expired");
    assert_eq!(world.stripe().open_authorizations().await.expect("a list").len(), 2);

    set(&outage, None);
    becomes(&world, &accepted_buyer, &accepted, "complete").await;
    is_voided(&world, &late_buyer, &payment).await;
    assert_eq!(captured_amount(&world.endpoints, id(&accepted)).await, 20_00);
    assert_eq!(captured_amount(&world.endpoints, id(&late)).await, 0);
    world.finish().await;
}
