//! Events that are lost, doubled, late and out of order.

use std::time::Duration;

use crate::support::World;

#[tokio::test]
async fn a_dropped_event_never_comes() {
    let world = World::delivering().await;
    world.sim.faults().set(|faults| faults.webhooks.drop = 1);
    world.authorized().await;
    world.settle().await;
    world.pass(Duration::from_hours(24)).await;
    assert_eq!(world.receiver.received().len(), 1);
}

#[tokio::test]
async fn a_duplicated_event_comes_twice_under_one_id() {
    let world = World::delivering().await;
    world.sim.faults().set(|faults| faults.webhooks.duplicate = 1);
    world.create().await;
    world.settle().await;
    world.create().await;
    world.settle().await;
    let events = world.receiver.received();
    assert_eq!(events.len(), 3);
    assert_eq!(events[0].json()["id"], events[1].json()["id"]);
    assert_ne!(events[0].json()["id"], events[2].json()["id"]);
}

#[tokio::test]
async fn delayed_events_are_late_until_the_delay_is_cleared() {
    let world = World::delivering().await;
    world.sim.faults().set(|faults| faults.webhooks.delay_ms = 5000);
    world.create().await;
    world.pass(Duration::from_millis(4999)).await;
    assert!(world.receiver.received().is_empty());
    world.pass(Duration::from_millis(1)).await;
    assert_eq!(world.receiver.received().len(), 1);
    world.sim.faults().clear();
    world.create().await;
    world.settle().await;
    assert_eq!(world.receiver.received().len(), 2);
}

#[tokio::test]
async fn reordered_events_come_after_those_that_followed_them() {
    let world = World::delivering().await;
    world.sim.faults().set(|faults| faults.webhooks.reorder = true);
    let id = world.create().await.id();
    world.settle().await;
    assert!(world.receiver.received().is_empty(), "held back");
    world.confirm(&id, "pm_card_visa").await;
    world.settle().await;
    assert_eq!(world.receiver.kinds(), ["amount_capturable_updated", "created"]);
}

#[tokio::test]
async fn a_held_event_comes_by_itself_when_nothing_follows_it() {
    let world = World::delivering().await;
    world.sim.faults().set(|faults| faults.webhooks.reorder = true);
    world.create().await;
    world.pass(Duration::from_secs(3)).await;
    assert_eq!(world.receiver.kinds(), ["created"]);
}
