//! Delivery: stored once, shared between the processes of a service, and redelivered after crashes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, DeadLetter, Delivery, Limits, RawEvent};
use common::Envelope;
use futures::future::{join, join_all};
use futures::stream::{StreamExt, select};

use crate::support::{
    DEADLINES, Ends, Marketplace, RunningConsumer, database, envelope, eventually, next, publish, within,
};

#[tokio::test]
async fn an_event_that_several_relays_publish_at_once_is_stored_once() {
    let marketplace = Marketplace::new();
    let processes = [marketplace.process().await, marketplace.process().await];
    let event = envelope();
    let published = (0..20).map(|attempt| processes[attempt % 2].publish(event.clone()));
    assert!(join_all(published).await.iter().all(Result::is_ok));
    assert_eq!(marketplace.stream("expiration").await.state.messages, 1);
    marketplace.end().await;
}

#[tokio::test]
async fn a_stream_that_was_removed_is_created_again() {
    let marketplace = Marketplace::new();
    let bus = marketplace.process().await;
    let context = marketplace.context().await;
    context.delete_stream(marketplace.stream_name("expiration")).await.expect("deleted");
    assert!(bus.publish(envelope()).await.is_err());
    publish(&*bus, &envelope()).await;
    marketplace.end().await;
}

#[tokio::test]
async fn two_processes_of_a_service_share_the_events_and_no_event_is_delivered_to_both() {
    let marketplace = Marketplace::new();
    let (one, other) = (marketplace.process().await, marketplace.process().await);
    let mut both = select(
        one.subscribe("deadlines", DEADLINES).map(|delivery| (1, delivery)),
        other.subscribe("deadlines", DEADLINES).map(|delivery| (2, delivery)),
    );
    marketplace.wait_for("deadlines", |info| info.num_waiting == 2).await;
    let events: Vec<_> = (0..200).map(|_| envelope()).collect();
    join_all(events.iter().map(|event| publish(&*one, event))).await;
    let (mut received, mut by) = (HashSet::new(), HashSet::new());
    for _ in &events {
        let (process, delivery) = within(both.next()).await.expect("a delivery");
        assert!(received.insert(delivery.envelope().expect("readable").id), "an event was delivered twice");
        by.insert(process);
        delivery.ack();
    }
    assert_eq!(by, HashSet::from([1, 2]));
    marketplace.wait_for("deadlines", |info| info.num_pending == 0 && info.num_ack_pending == 0).await;
    marketplace.end().await;
}

#[tokio::test]
async fn what_one_process_does_not_read_is_delivered_to_another() {
    let marketplace = Marketplace::new();
    let (busy, idle) = (marketplace.process().await, marketplace.process().await);
    let _unread = busy.subscribe("deadlines", DEADLINES);
    marketplace.wait_for("deadlines", |info| info.num_waiting == 1).await;
    let events: Vec<_> = (0..600).map(|_| envelope()).collect();
    join_all(events.iter().map(|event| publish(&*busy, event))).await;
    // As many as one process queues.
    marketplace.wait_for("deadlines", |info| info.num_ack_pending == 512).await;
    let mut rest = idle.subscribe("deadlines", DEADLINES);
    for _ in 512..600 {
        within(rest.next()).await.expect("a delivery").ack();
    }
    marketplace.wait_for("deadlines", |info| info.num_pending == 0 && info.num_ack_pending == 512).await;
    marketplace.end().await;
}

#[tokio::test]
async fn two_thousand_events_that_wait_delay_no_other() {
    let marketplace = Marketplace::new();
    let (store, bus) = (database(), marketplace.process().await);
    let ends = Ends::AtOnceExcept(1);
    let mut running = RunningConsumer::start(Arc::clone(&bus), &store, Limits::default(), ends);
    let waiting: Vec<_> = (0..2000).map(|_| envelope()).collect();
    join_all(waiting.iter().map(|event| publish(&*bus, event))).await;
    let mut missing: HashSet<_> = waiting.iter().map(|event| event.id).collect();
    while !missing.is_empty() {
        missing.remove(&running.next_started().await.id);
    }
    let other = Arc::new(Envelope { version: 2, ..(*envelope()).clone() });
    publish(&*bus, &other).await;
    while running.next_started().await != other {}
    marketplace.wait_for("deadlines", |info| info.num_ack_pending == 2000).await;
    running.crash().await;
    marketplace.end().await;
}

#[tokio::test]
async fn what_is_in_flight_to_a_process_that_stops_is_delivered_to_another_at_once() {
    // Without a nak, the server would redeliver only after the end of the test.
    let marketplace =
        Marketplace::new().with_ack_wait(Duration::from_mins(10)).with_close_timeout(Duration::from_mins(1));
    let (stopping, other) = (marketplace.process().await, marketplace.process().await);
    let events: Vec<_> = (0..3000).map(|_| envelope()).collect();
    let mut missing: HashSet<_> = events.iter().map(|event| event.id).collect();
    let published = async {
        for event in &events {
            publish(&*other, event).await;
        }
    };
    let received = async {
        let mut deliveries = stopping.subscribe("deadlines", DEADLINES);
        for _ in 0..500 {
            let delivery = next(&mut deliveries).await;
            missing.remove(&delivery.envelope().expect("readable").id);
            delivery.ack();
        }
        drop(deliveries);
        stopping.close().await;
        let mut deliveries = other.subscribe("deadlines", DEADLINES);
        while !missing.is_empty() {
            let delivery = next(&mut deliveries).await;
            missing.remove(&delivery.envelope().expect("readable").id);
            delivery.ack();
        }
    };
    join(published, received).await;
    marketplace.end().await;
}

/// Receives the next delivery and crashes before the acknowledgement.
async fn receive_and_crash(marketplace: &Marketplace, consumer: &'static str) -> Delivery {
    let bus = marketplace.process().await;
    let delivery = next(&mut bus.subscribe(consumer, DEADLINES)).await;
    bus.close().await;
    delivery
}

#[tokio::test]
async fn what_a_crashed_process_held_is_delivered_to_another() {
    let marketplace = Marketplace::new().with_ack_wait(Duration::from_secs(1));
    let (bus, event) = (marketplace.process().await, envelope());
    publish(&*bus, &event).await;
    for deliveries in 1..=2 {
        let lost = receive_and_crash(&marketplace, "deadlines").await;
        assert_eq!((lost.envelope(), lost.deliveries), (Some(&event), deliveries));
    }
    let delivery = next(&mut bus.subscribe("deadlines", DEADLINES)).await;
    assert_eq!((delivery.envelope(), delivery.deliveries), (Some(&event), 3));
    marketplace.end().await;
}

#[tokio::test]
async fn an_event_in_progress_is_not_delivered_to_another_process() {
    let marketplace = Marketplace::new().with_ack_wait(Duration::from_secs(1));
    let (bus, slow, last) = (marketplace.process().await, envelope(), envelope());
    let mut deliveries = bus.subscribe("deadlines", DEADLINES);
    publish(&*bus, &slow).await;
    let in_progress = next(&mut deliveries).await;
    // Two redeliveries of another event show that `ack_wait` has passed twice.
    for deliveries in 1..=3 {
        assert_eq!(receive_and_crash(&marketplace, "witness").await.deliveries, deliveries);
    }
    in_progress.ack();
    publish(&*bus, &last).await;
    let delivery = next(&mut deliveries).await;
    assert_eq!((delivery.envelope(), delivery.deliveries), (Some(&last), 1));
    delivery.ack();
    marketplace.wait_for("deadlines", |info| info.num_ack_pending == 0).await;
    let info = marketplace.consumer("deadlines").await.expect("the consumer is durable");
    assert_eq!(info.delivered.consumer_sequence, 2, "each was delivered once");
    marketplace.end().await;
}

#[tokio::test]
async fn an_event_that_crashes_every_process_becomes_a_dead_letter() {
    let marketplace = Marketplace::new().with_ack_wait(Duration::from_secs(1));
    let (store, bus) = (database(), marketplace.process().await);
    let (poison, harmless) = (envelope(), envelope());
    let limits = Limits { max_deliveries: 3, ..Limits::default() };
    publish(&*bus, &poison).await;
    for _ in 0..limits.max_deliveries {
        let process = marketplace.process().await;
        let mut running = RunningConsumer::start(process, &store, limits, Ends::Never);
        assert_eq!(running.next_started().await, poison);
        running.crash().await;
    }
    let mut running = RunningConsumer::start(marketplace.process().await, &store, limits, Ends::AtOnce);
    let letter = eventually(async || DeadLetter::list(&store).await.expect("listed").pop()).await;
    assert_eq!((letter.event.envelope().expect("readable"), letter.attempts), ((*poison).clone(), 3));
    assert_eq!(
        letter.reason,
        "delivered 3 times without an acknowledgement; handling it may crash the process"
    );
    publish(&*bus, &harmless).await;
    assert_eq!(running.next_started().await, harmless, "the poison was not tried again");
    running.stop().await;
    let info = marketplace.consumer("deadlines").await.expect("the consumer is durable");
    assert_eq!(info.num_ack_pending, 0);
    marketplace.end().await;
}

#[tokio::test]
async fn an_unreadable_event_becomes_a_dead_letter_and_is_acknowledged() {
    let marketplace = Marketplace::new();
    let (store, bus) = (database(), marketplace.process().await);
    let mut running = RunningConsumer::start(Arc::clone(&bus), &store, Limits::default(), Ends::AtOnce);
    let (first, last) = (envelope(), envelope());
    publish(&*bus, &first).await;
    assert_eq!(running.next_started().await, first);
    let mut newer = serde_json::to_value(&*envelope()).expect("JSON");
    newer["data"] = "later".into();
    let payload = newer.to_string();
    let subject = format!("{}.{}", marketplace.options.prefix, first.subject());
    let context = marketplace.context().await;
    let sent = context.publish(subject, payload.clone().into_bytes().into()).await;
    sent.expect("sent").await.expect("stored in the stream");
    publish(&*bus, &last).await;
    assert_eq!(running.next_started().await, last, "others pass");
    marketplace.wait_for("deadlines", |info| info.num_ack_pending == 0 && info.num_pending == 0).await;
    let letters = DeadLetter::list(&store).await.expect("listed");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].event, RawEvent::new(payload.as_bytes()));
    running.stop().await;
    marketplace.end().await;
}
