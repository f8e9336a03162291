//! The connection: what its start creates, which failures end it, and what closing leaves.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::stream::{self, DiscardPolicy};
use bus::Bus;
use bus::jetstream::{ConnectError, JetStream, Options};
use futures::StreamExt;
use futures::future::{join, join_all};
use futures::stream::select_all;
use servers::{Port, ServerLocation, nats};

use crate::support::{DEADLINES, Marketplace, connect, envelope, expect, next, publish, within};

fn refusal(connected: Result<Arc<JetStream>, ConnectError>) -> ConnectError {
    connected.err().expect("the connection is refused")
}

#[tokio::test]
async fn processes_that_all_start_at_once_agree_on_streams_and_consumers() {
    let marketplace = Marketplace::new();
    let processes = join_all((0..5).map(|_| marketplace.process())).await;
    let mut subscriptions: Vec<_> =
        processes.iter().map(|process| process.subscribe("deadlines", DEADLINES)).collect();
    for process in &processes {
        publish(&**process, &envelope()).await;
    }
    let (mut received, mut together) = (0, select_all(subscriptions.drain(..)));
    while received < processes.len() {
        let delivery = within(together.next()).await.expect("a delivery");
        assert_eq!(delivery.deliveries, 1);
        delivery.ack();
        received += 1;
    }
    let consumer = marketplace.consumer("deadlines").await.expect("created").config;
    assert_eq!((consumer.max_deliver, consumer.ack_wait), (-1, Duration::from_secs(30)));
    assert_eq!(consumer.max_ack_pending, 65_536);
    let subject = format!("{}.expiration.completed", marketplace.options.prefix);
    assert_eq!((consumer.filter_subject, consumer.filter_subjects), (String::new(), vec![subject]));
    marketplace.end().await;
}

#[tokio::test]
async fn a_consumer_that_starts_early_misses_nothing_and_one_that_starts_late_receives_stored_events() {
    let marketplace = Marketplace::new();
    let (early, event) = (marketplace.process().await, envelope());
    let mut first = early.subscribe("first", DEADLINES);
    // The stream is removed, as if it had not been created yet.
    let context = marketplace.context().await;
    context.delete_stream(marketplace.stream_name("expiration")).await.expect("deleted");
    let publisher = marketplace.process().await;
    publish(&*publisher, &event).await;
    expect(&mut first, &event).await;
    let mut late = publisher.subscribe("late", DEADLINES);
    expect(&mut late, &event).await;
    marketplace.end().await;
}

#[tokio::test]
async fn a_stream_with_other_settings_is_changed() {
    let marketplace = Marketplace::new();
    let context = marketplace.context().await;
    let name = marketplace.stream_name("orders");
    let subjects = vec![format!("{}.order.*", marketplace.options.prefix)];
    let max_age = Duration::from_hours(1);
    let old = stream::Config { name: name.clone(), subjects, max_age, ..stream::Config::default() };
    context.create_stream(old).await.expect("created");
    marketplace.process().await;
    let changed = marketplace.stream("orders").await.config;
    assert_eq!(changed.max_age, Duration::from_hours(3 * 24));
    assert_eq!((changed.max_bytes, changed.discard), (64 << 20, DiscardPolicy::New));
    assert_eq!(changed.duplicate_window, Duration::from_mins(2));
    assert_eq!(changed.num_replicas, 1);
    marketplace.end().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_waited_for() {
    let port = Port::free().expect("a port").number();
    let url = format!("nats://127.0.0.1:{port}");
    let place = ServerLocation { port: Some(port), ..ServerLocation::default() };
    let started = tokio::task::spawn_blocking(move || nats::start(place));
    let (connected, started) = join(connect(&url, Options::default()), started).await;
    let _server = started.expect("no panic").expect("a NATS server");
    let bus = connected.expect("connected");
    bus.check().await.expect("ready");
}

#[tokio::test]
async fn a_configuration_that_the_server_refuses_is_reported_and_not_retried() {
    let marketplace = Marketplace::new();
    let options = Options { num_replicas: 3, ..marketplace.options.clone() };
    let refusal = refusal(connect(&marketplace.url, options).await).to_string();
    assert!(refusal.contains("check the number of replicas"), "{refusal}");
    let options = Options { prefix: "a.b".to_owned(), ..Options::default() };
    let refusal = self::refusal(connect(&marketplace.url, options).await).to_string();
    assert_eq!(refusal, "the bus prefix `a.b` must be made of letters, digits, `-` and `_`");
    let options = Options { root_certificates: vec!["/nowhere.pem".into()], ..Options::default() };
    let refusal =
        self::refusal(connect(&marketplace.url.replace("nats:", "tls:"), options).await).to_string();
    assert!(refusal.contains("the certificates for NATS cannot be used"), "{refusal}");
}

#[tokio::test]
async fn closing_flushes_acknowledgements_and_returns_the_other_deliveries_at_once() {
    let marketplace = Marketplace::new();
    let (first, second) = (marketplace.process().await, marketplace.process().await);
    let mut deliveries = first.subscribe("deadlines", DEADLINES);
    let (done, left) = (envelope(), envelope());
    publish(&*first, &done).await;
    publish(&*first, &left).await;
    next(&mut deliveries).await.ack();
    let held = next(&mut deliveries).await;
    drop((held, deliveries));
    first.close().await;
    let info = marketplace.consumer("deadlines").await.expect("the consumer is durable");
    assert_eq!((info.ack_floor.stream_sequence, info.num_ack_pending), (1, 1));

    // After a crash the server would redeliver only after 30 seconds.
    let mut deliveries = second.subscribe("deadlines", DEADLINES);
    let delivery = next(&mut deliveries).await;
    assert_eq!((delivery.envelope(), delivery.deliveries), (Some(&left), 2));
    marketplace.end().await;
}

#[tokio::test]
async fn closing_ends_subscriptions_and_fails_publishers() {
    let marketplace = Marketplace::new();
    let bus = marketplace.process().await;
    let (mut deliveries, mut live) = (bus.subscribe("deadlines", DEADLINES), bus.live(DEADLINES));
    bus.close().await;
    assert!(within(deliveries.next()).await.is_none());
    assert!(within(live.next()).await.is_none());
    assert!(within(bus.publish(envelope())).await.is_err());
    assert!(bus.check().await.is_err());
    marketplace.end().await;
}
