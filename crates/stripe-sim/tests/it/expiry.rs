//! Authorizations that nobody captures.

use std::time::Duration;

use crate::support::World;

const WEEK: Duration = Duration::from_hours(7 * 24);

#[tokio::test]
async fn an_authorization_expires_after_seven_days() {
    let world = World::telling_all().await;
    let id = world.authorized().await;
    world.pass(Duration::from_hours(7 * 24 - 1)).await;
    assert_eq!(world.state(&id).await, "requires_capture", "not before its time");
    world.pass(Duration::from_hours(1)).await;
    let intent = world.get(&format!("/v1/payment_intents/{id}?expand[]=latest_charge")).await;
    assert_eq!((intent.state(), &intent.body["cancellation_reason"]), ("canceled", &"expired".into()));
    assert_eq!(intent.body["amount_capturable"], 0);
    let charge = &intent.body["latest_charge"];
    assert_eq!((&charge["captured"], &charge["amount_captured"]), (&false.into(), &0.into()));
    assert_eq!((&charge["refunded"], &charge["amount_refunded"]), (&false.into(), &0.into()));
    world.settle().await;
    let kinds = world.receiver.kinds();
    assert_eq!(kinds[kinds.len() - 2..], ["charge.expired", "canceled"]);
    let last = world.receiver.received().pop().expect("an event").json();
    assert!(last["request"]["id"].is_null(), "no request caused it");
}

#[tokio::test]
async fn what_was_captured_or_canceled_in_time_does_not_expire() {
    let world = World::telling_all().await;
    let (captured, canceled) = (world.authorized().await, world.authorized().await);
    world.post(&format!("/v1/payment_intents/{captured}/capture"), &[]).await;
    world.post(&format!("/v1/payment_intents/{canceled}/cancel"), &[]).await;
    let waiting = world.create().await.id();
    world.pass(WEEK * 5).await;
    assert_eq!(world.state(&captured).await, "succeeded");
    assert_eq!(world.state(&canceled).await, "canceled");
    assert_eq!(
        world.state(&waiting).await,
        "requires_payment_method",
        "nothing is reserved, nothing expires"
    );
    assert!(!world.receiver.kinds().contains(&"charge.expired".to_owned()));
}

#[tokio::test]
async fn the_week_of_a_second_try_begins_with_it() {
    let world = World::telling_all().await;
    let id = world.create().await.id();
    world.confirm(&id, "pm_card_chargeDeclined").await;
    world.pass(WEEK / 2).await;
    world.confirm(&id, "pm_card_visa").await;
    world.pass(WEEK / 2).await;
    assert_eq!(world.state(&id).await, "requires_capture");
    world.pass(WEEK / 2).await;
    assert_eq!(world.state(&id).await, "canceled");
}

#[tokio::test]
async fn a_week_that_passed_while_the_simulator_was_off_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stripe.db");
    let world = World::on_file(&file, 1).await;
    let id = world.authorized().await;
    world.stop().await;
    // It was off for the whole week; the clock of the next one has gone on.
    let mut world = World::on_file(&file, 2).await;
    world.clock.advance(WEEK);
    world.deliver();
    world.settle().await;
    assert_eq!(world.state(&id).await, "canceled");
}
