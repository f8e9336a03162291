//! The local bus passes the conformance suite, and has guarantees of its own.

use std::sync::Arc;

use bus::{Bus, Delivery, LocalBus, conformance};
use common::event::Subject;
use futures::{FutureExt, StreamExt};
use tokio_util::sync::CancellationToken;

use crate::support::{Harness, settle};

#[tokio::test]
async fn the_local_bus_passes_the_conformance_suite() {
    for (name, run) in conformance::cases() {
        println!("{name}");
        run(Arc::new(LocalBus::new())).await;
    }
}

#[tokio::test]
async fn an_event_waits_in_its_outbox_for_a_consumer_that_is_expected() {
    let (harness, bus) = (Harness::new(), LocalBus::new());
    bus.expect("orders", &[Subject::ExpirationCompleted]);
    assert!(bus.publish(harness.event(1, 1)).await.is_err());
    let mut orders = bus.subscribe("orders", &[Subject::ExpirationCompleted]);
    let mut published = bus.publish(harness.event(1, 1));
    assert!((&mut published).now_or_never().is_none());
    orders.next().await.expect("a delivery").ack();
    published.await.expect("published");
}

#[tokio::test]
async fn publishing_ends_only_when_every_consumer_has_acknowledged() {
    let (harness, bus) = (Harness::new(), LocalBus::new());
    let mut orders = bus.subscribe("orders", &[Subject::ExpirationCompleted]);
    let mut tickets = bus.subscribe("tickets", &[Subject::ExpirationCompleted]);
    let mut published = bus.publish(harness.event(1, 1));
    assert!((&mut published).now_or_never().is_none());
    orders.next().await.expect("a delivery").ack();
    assert!((&mut published).now_or_never().is_none());
    tickets.next().await.expect("a delivery").ack();
    published.await.expect("published");
}

#[tokio::test]
async fn a_stuck_consumer_delays_no_other_until_32768_events_wait_for_it() {
    const MAX_IN_FLIGHT: u32 = 32_768;
    let (harness, bus) = (Harness::new(), Arc::new(LocalBus::new()));
    let mut stuck = bus.subscribe("stuck", &[Subject::ExpirationCompleted]);
    let mut other = bus.subscribe("other", &[Subject::ExpirationCompleted]);
    let event = |order: u32| serde_json::to_string(&*harness.event(order.into(), 1)).expect("JSON");
    harness.commit_events((0..MAX_IN_FLIGHT + 10).map(event).collect()).await;
    let _running = harness.relay(bus.clone(), &CancellationToken::new());
    let mut held = Vec::new();
    for order in 0..MAX_IN_FLIGHT {
        held.push(stuck.next().await.expect("a delivery"));
        let delivery = other.next().await.expect("a delivery");
        assert_eq!(delivery.envelope().expect("readable").aggregate.as_u128(), order.into());
        delivery.ack();
    }
    settle().await;
    assert!(other.next().now_or_never().is_none(), "the rest waits in the outbox");
    held.into_iter().for_each(Delivery::ack);
    for _ in 0..10 {
        stuck.next().await.expect("a delivery").ack();
        other.next().await.expect("a delivery").ack();
    }
    settle().await;
    assert_eq!(harness.outbox().await, 0);
}

#[tokio::test]
async fn a_live_listener_receives_an_event_before_its_consumers_are_done_with_it() {
    let (harness, bus) = (Harness::new(), LocalBus::new());
    let mut orders = bus.subscribe("orders", &[Subject::ExpirationCompleted]);
    let mut live = bus.live(&[Subject::ExpirationCompleted]);
    let event = harness.event(1, 1);
    let mut published = bus.publish(event.clone());
    assert!((&mut published).now_or_never().is_none());
    assert_eq!(live.next().await, Some(Ok(event)));
    orders.next().await.expect("a delivery").ack();
    published.await.expect("published");
    assert!(live.next().now_or_never().is_none(), "once is enough");
}
