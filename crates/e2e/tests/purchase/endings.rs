//! The endings of a purchase that need the clock, or a card processor that is away at the right moment.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{COOKIE, USER_AGENT};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use common::{Clock, Time};
use e2e::audit::money_taken;
use e2e::{Circumstances, HOLD, Person, Place, World, cards};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::join;

use crate::flows::{awaiting, becomes, id, is_cancelled, is_voided, ticket_becomes, usd};

/// What of Stripe payments does not reach: the paths that contain this. Browsers reach everything.
type Away = Arc<Mutex<Option<&'static str>>>;

const CAPTURES: Option<&str> = Some("/capture");
const EVERYTHING: Option<&str> = Some("/v1/");

async fn with_a_switch() -> (World, Away) {
    let away = Away::default();
    let switch = Arc::clone(&away);
    let pass = move |request: Request, next: Next| {
        let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let is_ours = agent.is_some_and(|agent| agent.starts_with("ticketing-payments/"));
        let away = switch.lock().is_some_and(|part| request.uri().path().contains(part));
        async move {
            if is_ours && away {
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            } else {
                next.run(request).await
            }
        }
    };
    let before_stripe = Box::new(|stripe: axum::Router| stripe.layer(from_fn(pass)));
    (World::under(Circumstances { before_stripe, ..Circumstances::default() }).await, away)
}

fn set(away: &Away, part: Option<&'static str>) {
    *away.lock() = part;
}

/// What the buyer's page of the order says.
async fn page(buyer: &Person, order: &Value) -> String {
    let url = format!("{}/orders/{}", buyer.place.marketplace, id(order));
    let reply = buyer.place.http.get(url).header(COOKIE, buyer.cookie()).send().await.expect("a page");
    reply.text().await.expect("text")
}

fn deadline(order: &Value) -> Time {
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
    assert_eq!(money_taken(&world.place, id(&order)).await, 20_00);
    world.ends_well().await;
}

#[tokio::test]
async fn whoever_confirms_and_cancels_at_once_gets_either_the_ticket_or_the_money() {
    for _ in 0..8 {
        let world = World::start().await;
        let (buyer, order) = awaiting(&world).await;
        let payment = buyer.begins_to_pay(&order).await.json;
        let (cancelled, _) = join!(buyer.cancels(&order), buyer.enters_card(&payment, cards::VISA));
        let (status, taken) = match cancelled.status {
            204 => ("cancelled", 0),
            _ => ("complete", 20_00),
        };
        becomes(&world, &buyer, &order, status).await;
        world.advance(Duration::from_mins(2)).await;
        assert_eq!(money_taken(&world.place, id(&order)).await, taken);
        world.ends_well().await;
    }
}

#[tokio::test]
async fn a_card_that_is_confirmed_in_the_second_of_the_deadline_buys_the_ticket_or_nothing() {
    for offset in [-500, -1, 0, 1, 500_i64] {
        let world = World::start().await;
        let (buyer, order) = awaiting(&world).await;
        let payment = buyer.begins_to_pay(&order).await.json;
        let moment = Time::from_millis(deadline(&order).as_millis() + offset);
        world.clock.advance(moment - world.clock.now());
        buyer.enters_card(&payment, cards::VISA).await;
        world.advance(Duration::from_mins(2)).await;
        let (status, taken) =
            (buyer.order(&order).await["status"].clone(), money_taken(&world.place, id(&order)).await);
        let in_time = status == "complete" && taken == 20_00 && offset < 0;
        assert!(in_time || (status == "cancelled" && taken == 0), "{offset} ms: {status}, {taken} taken");
        world.ends_well().await;
    }
}

#[tokio::test]
async fn three_d_secure_that_is_refused_leaves_the_buyer_another_card() {
    let world = World::start().await;
    let (buyer, order) = awaiting(&world).await;
    let asked = buyer.pays(&order, cards::THREE_D_SECURE).await;
    let url = format!("{}/sim/3ds/{}/refuse", world.place.stripe, asked.text("id"));
    assert_eq!(Place::send(world.place.http.post(url)).await.status, 200);
    world.settle().await;
    let path = format!("/api/payments?orderId={}", id(&order));
    let told = buyer.all(&path).await;
    assert_eq!(told[0]["lastError"]["code"], "payment_intent_authentication_failure", "{told:?}");
    assert_eq!(buyer.order(&order).await["status"], "awaiting-payment");
    buyer.pays(&order, cards::VISA).await;
    becomes(&world, &buyer, &order, "complete").await;
    world.ends_well().await;
}

#[tokio::test]
async fn three_d_secure_that_is_abandoned_holds_the_ticket_no_longer_than_any_other_order() {
    let world = World::start().await;
    let (buyer, order) = awaiting(&world).await;
    let payment = buyer.begins_to_pay(&order).await.json;
    let asked = buyer.enters_card(&payment, cards::THREE_D_SECURE).await;
    let url = format!("{}/sim/3ds/{}/abandon", world.place.stripe, asked.text("id"));
    assert_eq!(Place::send(world.place.http.post(url)).await.status, 200);
    world.advance(HOLD).await;
    is_cancelled(&world, &buyer, &order, "expired").await;
    ticket_becomes(&world, &order["ticket"], "available").await;
    is_voided(&world, &buyer, &payment).await;
    // Who comes back to the bank's page after all finds it closed.
    let url = format!("{}/sim/3ds/{}/accept", world.place.stripe, asked.text("id"));
    assert_eq!(Place::send(world.place.http.post(url)).await.status, 400);
    world.ends_well().await;
}

#[tokio::test]
async fn an_authorization_that_expires_before_it_could_be_taken_cancels_the_order() {
    let (world, away) = with_a_switch().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    becomes(&world, &buyer, &order, "awaiting-payment").await;
    set(&away, CAPTURES);
    buyer.pays(&order, cards::VISA).await;
    becomes(&world, &buyer, &order, "paying").await;
    world.advance(Duration::from_hours(7 * 24 + 1)).await;
    set(&away, None);
    for person in [&seller, &buyer] {
        assert_eq!(person.signs_in().await.status, 200, "nobody stays signed in for so long");
    }
    is_cancelled(&world, &buyer, &order, "payment-failed").await;
    ticket_becomes(&world, &order["ticket"], "available").await;
    assert_eq!(money_taken(&world.place, id(&order)).await, 0);
    world.ends_well().await;
}

#[tokio::test]
async fn a_capture_that_is_refused_is_told_to_the_buyer_and_frees_the_ticket() {
    let world = World::start().await;
    let (buyer, order) = awaiting(&world).await;
    world.place.stripe_faults(json!({ "captureFails": 1 })).await;
    buyer.pays(&order, cards::VISA).await;
    is_cancelled(&world, &buyer, &order, "payment-failed").await;
    ticket_becomes(&world, &order["ticket"], "available").await;
    let told = page(&buyer, &order).await;
    assert!(told.contains("Your payment failed"), "{told}");
    let next = world.person("next").await;
    let again = next.buys(&order["ticket"]).await;
    next.pays(&again, cards::VISA).await;
    becomes(&world, &next, &again, "complete").await;
    assert_eq!(money_taken(&world.place, id(&order)).await, 0);
    world.ends_well().await;
}

#[tokio::test]
async fn while_stripe_is_away_for_ten_minutes_across_the_deadline_what_was_accepted_is_bought_and_the_rest_let_go()
 {
    let (world, away) = with_a_switch().await;
    let (accepted_buyer, accepted) = awaiting(&world).await;
    let seller = world.person("another-seller").await;
    let late_buyer = world.person("late-buyer").await;
    let late = late_buyer.buys(&seller.sells("Play", usd(30_00)).await).await;
    becomes(&world, &late_buyer, &late, "awaiting-payment").await;
    let payment = late_buyer.begins_to_pay(&late).await.json;
    world.advance(Duration::from_mins(10)).await;

    set(&away, CAPTURES);
    accepted_buyer.pays(&accepted, cards::VISA).await;
    becomes(&world, &accepted_buyer, &accepted, "paying").await;
    set(&away, EVERYTHING);
    // Stripe takes this card, and cannot be asked about it.
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

    set(&away, None);
    becomes(&world, &accepted_buyer, &accepted, "complete").await;
    is_voided(&world, &late_buyer, &payment).await;
    assert_eq!(money_taken(&world.place, id(&accepted)).await, 20_00);
    assert_eq!(money_taken(&world.place, id(&late)).await, 0);
    world.ends_well().await;
}
