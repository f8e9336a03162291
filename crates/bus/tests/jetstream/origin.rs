//! The origin of events: what the owner of a subject has not published is not delivered.

use async_nats::jetstream::consumer::{Info, push};
use async_nats::jetstream::stream::{Republish, Source};
use bus::Bus;
use common::Envelope;
use common::event::Subject;
use futures::StreamExt;
use futures::stream::select;

use crate::support::{Marketplace, captured, envelope, eventually, expect, next, publish, within};

/// The subjects of two owners.
const BOTH: &[Subject] = &[Subject::ExpirationCompleted, Subject::PaymentCaptured];

fn body(event: &Envelope) -> Vec<u8> {
    serde_json::to_vec(event).expect("JSON")
}

/// Waits until the consumer `orders` has neither undelivered nor unacknowledged messages of the stream.
async fn is_done(marketplace: &Marketplace, stream: &str, messages: u64) {
    let done = |info: &Info| {
        info.delivered.stream_sequence == messages && info.num_pending == 0 && info.num_ack_pending == 0
    };
    marketplace.wait_for_of(stream, "orders", done).await;
}

#[tokio::test]
async fn a_payment_that_expiration_publishes_in_its_own_stream_is_not_believed() {
    let marketplace = Marketplace::new();
    let (bus, context) = (marketplace.process().await, marketplace.context().await);
    let (mut orders, mut live) = (bus.subscribe("orders", BOTH), bus.live(BOTH));
    let subject = format!("{}.expiration.completed", marketplace.options.prefix);
    // The second cannot be read by this release, so it could be believed by the next one.
    let later = br#"{"subject":"payment.captured","data":{"status":"captured-in-part"}}"#.to_vec();
    for forged in [body(&captured()), later] {
        context.publish(subject.clone(), forged.into()).await.expect("sent").await.expect("stored");
    }
    let genuine = envelope();
    publish(&*bus, &genuine).await;
    expect(&mut orders, &genuine).await;
    assert_eq!(within(live.next()).await, Some(Ok(genuine)), "nor as a live event");
    is_done(&marketplace, "expiration", 3).await;
    let info = marketplace.consumer_of("expiration", "orders").await.expect("the consumer is durable");
    assert_eq!(info.delivered.consumer_sequence, 3, "each forged payment was rejected once");
    marketplace.end().await;
}

#[tokio::test]
async fn what_the_server_copies_into_another_owners_stream_is_not_believed() {
    let marketplace = Marketplace::new();
    let (bus, context) = (marketplace.process().await, marketplace.context().await);
    let prefix = &marketplace.options.prefix;
    let (own, foreign) = (format!("{prefix}.expiration.completed"), format!("{prefix}.payment.captured"));
    // `republish`, on the stream that expiration owns.
    let mut config = marketplace.stream("expiration").await.config;
    config.republish = Some(Republish { source: own.clone(), destination: foreign, headers_only: false });
    context.update_stream(config).await.expect("updated");
    context.publish(own, body(&captured()).into()).await.expect("sent").await.expect("stored");
    eventually(async || (marketplace.stream("payments").await.state.messages == 1).then_some(())).await;

    let mut orders = bus.subscribe("orders", &[Subject::PaymentCaptured]);
    let genuine = captured();
    publish(&*bus, &genuine).await;
    expect(&mut orders, &genuine).await;
    is_done(&marketplace, "payments", 2).await;
    marketplace.end().await;
}

#[tokio::test]
async fn a_stream_that_copies_or_renames_events_is_not_consumed_until_it_is_repaired() {
    let marketplace = Marketplace::new();
    let (all, context) = (marketplace.process().await, marketplace.context().await);
    let bus = marketplace.process_of("orders").await;
    let mut orders = bus.subscribe("orders", BOTH);
    publish(&*bus, &envelope()).await;
    next(&mut orders).await.ack();
    bus.check().await.expect("ready");

    let mut config = marketplace.stream("expiration").await.config;
    config.sources = Some(vec![Source { name: "elsewhere".to_owned(), ..Source::default() }]);
    context.update_stream(config).await.expect("updated");
    // A running consumer finds the change, and so does one that starts.
    let starting = marketplace.process_of("orders").await;
    let mut both = select(orders, starting.subscribe("orders", BOTH)).boxed();
    for process in [&bus, &starting] {
        let refused = eventually(async || process.check().await.err()).await;
        assert_eq!(
            refused.to_string(),
            "the bus is not available: the stream of expiration has `sources` and is not consumed"
        );
    }
    let waiting = captured();
    publish(&*bus, &waiting).await;
    expect(&mut both, &waiting).await;

    // Expiration's next process repairs its stream.
    let repairing = marketplace.process_of("expiration").await;
    for process in [&bus, &starting] {
        eventually(async || process.check().await.ok()).await;
    }
    let last = envelope();
    publish(&*bus, &last).await;
    expect(&mut both, &last).await;
    drop((all, repairing));
    marketplace.end().await;
}

#[tokio::test]
async fn what_the_server_delivers_into_another_owners_stream_keeps_its_subject_and_is_not_believed() {
    let marketplace = Marketplace::new();
    let (bus, context) = (marketplace.process().await, marketplace.context().await);
    let prefix = &marketplace.options.prefix;
    let (own, foreign) = (format!("{prefix}.session.revoked"), format!("{prefix}.payment.captured"));
    // The server delivers only while a client listens.
    let client = async_nats::connect(&marketplace.url).await.expect("connected");
    let mut listener = client.subscribe(foreign.clone()).await.expect("subscribed");
    client.flush().await.expect("flushed");
    let config =
        push::Config { durable_name: Some("any".to_owned()), deliver_subject: foreign, ..Default::default() };
    let created = context.create_consumer_on_stream(config, marketplace.stream_name("auth")).await;
    created.expect("created");
    context.publish(own, body(&captured()).into()).await.expect("sent").await.expect("stored");
    within(listener.next()).await.expect("the server has delivered the forged payment");

    let mut orders = bus.subscribe("orders", &[Subject::PaymentCaptured]);
    let genuine = captured();
    publish(&*bus, &genuine).await;
    expect(&mut orders, &genuine).await;
    marketplace.end().await;
}
