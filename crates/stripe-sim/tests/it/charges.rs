//! Charges: what a bank said to each try.

use std::time::Duration;

use futures::TryStreamExt;
use stripe_core::charge::{ListCharge, RetrieveCharge};
use stripe_shared::{Charge, ChargeStatus};

use crate::support::World;

#[tokio::test]
async fn every_try_is_a_charge_and_the_latest_is_named() {
    let world = World::start().await;
    let client = world.stripe();
    let id = world.create().await.id();
    world.confirm(&id, "pm_card_chargeDeclinedInsufficientFunds").await;
    world.clock.advance(Duration::from_secs(1));
    world.confirm(&id, "pm_card_visa").await;
    let pages = ListCharge::new().payment_intent(id.as_str()).limit(1).paginate();
    let all: Vec<Charge> = pages.stream(&client).try_collect().await.expect("all of them");
    let states: Vec<_> = all.iter().map(|charge| (charge.status.clone(), charge.paid)).collect();
    assert_eq!(states, [(ChargeStatus::Succeeded, true), (ChargeStatus::Failed, false)]);
    let failed = &all[1];
    assert_eq!(failed.failure_code.as_deref(), Some("card_declined"));
    let outcome = failed.outcome.as_ref().expect("an outcome");
    assert_eq!(outcome.reason.as_deref(), Some("insufficient_funds"));
    let latest = world.get(&format!("/v1/payment_intents/{id}")).await.body["latest_charge"].clone();
    assert_eq!(latest, all[0].id.as_str());
}

#[tokio::test]
async fn of_a_part_that_was_captured_the_rest_is_no_refund() {
    let world = World::start().await;
    let id = world.authorized().await;
    let captured =
        world.post(&format!("/v1/payment_intents/{id}/capture"), &[("amount_to_capture", "1000")]).await;
    let charge = captured.body["latest_charge"].as_str().expect("a charge").to_owned();
    let charge = RetrieveCharge::new(charge).send(&world.stripe()).await.expect("found");
    assert_eq!((charge.amount, charge.amount_captured, charge.amount_refunded), (2500, 1000, 0));
    assert!(charge.captured && !charge.refunded);
    world.post("/v1/refunds", &[("payment_intent", &id)]).await;
    let charge = RetrieveCharge::new(charge.id.as_str()).send(&world.stripe()).await.expect("found");
    assert_eq!((charge.amount_refunded, charge.refunded), (1000, true));
}

#[tokio::test]
async fn a_charge_takes_notes() {
    let world = World::telling_all().await;
    let id = world.authorized().await;
    let charge = format!("/v1/charges/ch_{}00", &id[3..]);
    let noted = world.post(&charge, &[("description", "Seat 7"), ("metadata[seat]", "7")]).await;
    assert_eq!(
        (&noted.body["description"], &noted.body["metadata"]["seat"]),
        (&"Seat 7".into(), &"7".into())
    );
    world.settle().await;
    let event = world.receiver.received().pop().expect("an event").json();
    assert_eq!(event["type"], "charge.updated");
    assert!(event["data"]["previous_attributes"]["description"].is_null());
    assert_eq!(world.post(&charge, &[("amount", "1")]).await.code(), "parameter_unknown");
    assert_eq!(world.post(&format!("{}9", &charge[..charge.len() - 1]), &[]).await.status, 404);
}

#[tokio::test]
async fn a_card_may_fail_after_its_bank_was_asked() {
    let world = World::start().await;
    let id = world.create().await.id();
    let asked = world.confirm(&id, "pm_card_threeDSecureRequiredChargeDeclined").await;
    assert_eq!(asked.state(), "requires_action");
    let answer = world.post(&format!("/sim/3ds/{id}/accept"), &[]).await;
    assert_eq!((answer.status, answer.state()), (200, "requires_payment_method"));
    assert_eq!(answer.body["last_payment_error"]["decline_code"], "generic_decline");
    let charge = world.get(&format!("/v1/charges/ch_{}00", &id[3..])).await;
    let secure = &charge.body["payment_method_details"]["card"]["three_d_secure"];
    assert_eq!((charge.state(), &secure["result"]), ("failed", &"authenticated".into()));
}
