//! The local bus keeps every promise of a bus, and those that only it has to keep.

use std::sync::Arc;

use bus::{Bus, LocalBus, conformance};
use common::event::Subject;
use futures::{FutureExt, StreamExt};
use tokio::task::unconstrained;

use crate::support::World;

macro_rules! promises {
    ($($promise:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $promise() {
            conformance::$promise(Arc::new(LocalBus::new())).await;
        }
    )+};
}

promises!(
    every_consumer_of_a_subject_hears_it,
    a_consumer_hears_only_its_subjects,
    what_nobody_hears_is_taken,
    what_is_not_acknowledged_comes_again,
    what_a_stopped_consumer_left_comes_to_the_next,
    events_of_an_aggregate_come_in_order,
    an_event_published_twice_arrives,
    a_slow_consumer_does_not_stop_another,
    aggregates_do_not_wait_for_each_other,
    large_and_foreign_texts_arrive_intact,
    live_listeners_hear_what_is_published_from_now_on,
    live_listeners_hear_only_their_subjects,
    who_listens_too_slowly_is_told_and_holds_nobody_back,
);

#[tokio::test]
async fn the_whole_suite_passes_in_one_go() {
    conformance::all(async || Arc::new(LocalBus::new()) as Arc<dyn Bus>).await;
}

#[tokio::test]
async fn an_event_waits_in_its_outbox_for_a_consumer_that_is_expected() {
    let (world, bus) = (World::new(), LocalBus::new());
    bus.expect("orders", &[Subject::ExpirationCompleted]);
    assert!(bus.publish(world.event(1, 1)).await.is_err());
    let mut orders = bus.subscribe("orders", &[Subject::ExpirationCompleted]);
    let mut published = bus.publish(world.event(1, 1));
    assert!((&mut published).now_or_never().is_none());
    orders.next().await.expect("a delivery").ack();
    published.await.expect("published");
}

#[tokio::test]
async fn publishing_ends_only_when_every_consumer_has_acknowledged() {
    let (world, bus) = (World::new(), LocalBus::new());
    let mut orders = bus.subscribe("orders", &[Subject::ExpirationCompleted]);
    let mut tickets = bus.subscribe("tickets", &[Subject::ExpirationCompleted]);
    let mut published = bus.publish(world.event(1, 1));
    assert!((&mut published).now_or_never().is_none());
    orders.next().await.expect("a delivery").ack();
    assert!((&mut published).now_or_never().is_none());
    tickets.next().await.expect("a delivery").ack();
    published.await.expect("published");
}

#[tokio::test]
async fn a_consumer_that_takes_nothing_holds_publishers_back() {
    let (world, bus) = (World::new(), LocalBus::new());
    let mut orders = bus.subscribe("orders", &[Subject::ExpirationCompleted]);
    let mut published: Vec<_> = (0..1000).map(|order| bus.publish(world.event(order, 1))).collect();
    for publish in &mut published {
        assert!(unconstrained(publish).now_or_never().is_none());
    }
    let mut queued = 0;
    while let Some(delivery) = unconstrained(orders.next()).now_or_never() {
        delivery.expect("a delivery").ack();
        queued += 1;
    }
    assert_eq!(queued, 256);
    let drain = async {
        for _ in queued..1000 {
            orders.next().await.expect("a delivery").ack();
        }
    };
    let (results, ()) = futures::future::join(futures::future::join_all(published), drain).await;
    assert!(results.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_live_listener_hears_an_event_before_its_consumers_are_done_with_it() {
    let (world, bus) = (World::new(), LocalBus::new());
    let mut orders = bus.subscribe("orders", &[Subject::ExpirationCompleted]);
    let mut live = bus.live(&[Subject::ExpirationCompleted]);
    let event = world.event(1, 1);
    let mut published = bus.publish(event.clone());
    assert!((&mut published).now_or_never().is_none());
    assert_eq!(live.next().await, Some(Ok(event)));
    orders.next().await.expect("a delivery").ack();
    published.await.expect("published");
    assert!(live.next().now_or_never().is_none(), "once is enough");
}
