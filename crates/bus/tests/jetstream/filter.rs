//! The filter of a durable consumer while processes of two releases share it.

use std::collections::{BTreeSet, HashSet};

use common::event::Subject;
use futures::StreamExt;
use futures::future::join_all;

use bus::Bus;

use crate::support::{Marketplace, captured, expect, next, publish, refunded};

/// The subjects of a release, and of the next one.
const FORMER: &[Subject] = &[Subject::PaymentCaptured];
const NEXT: &[Subject] = &[Subject::PaymentCaptured, Subject::PaymentRefunded];

async fn filter(marketplace: &Marketplace) -> BTreeSet<String> {
    let info = marketplace.consumer_of("payments", "orders").await.expect("the consumer is durable");
    let prefix = format!("{}.", marketplace.options.prefix);
    info.config.filter_subjects.iter().map(|subject| subject.replace(&prefix, "")).collect()
}

#[tokio::test]
async fn a_process_of_the_former_release_that_connects_last_takes_no_event_from_the_next_release() {
    let marketplace = Marketplace::new();
    let (newer, older) = (marketplace.process().await, marketplace.process().await);
    let mut of_newer = newer.subscribe("orders", NEXT);
    marketplace.wait_for_of("payments", "orders", |info| info.num_waiting == 1).await;
    let mut of_older = older.subscribe("orders", FORMER);
    marketplace.wait_for_of("payments", "orders", |info| info.num_waiting == 2).await;
    let both = BTreeSet::from(["payment.captured".to_owned(), "payment.refunded".to_owned()]);
    assert_eq!(filter(&marketplace).await, both);

    let events: Vec<_> = (0..40).map(|_| refunded()).collect();
    join_all(events.iter().map(|event| publish(&*newer, event))).await;
    let mut missing: HashSet<_> = events.iter().map(|event| event.id).collect();
    while !missing.is_empty() {
        tokio::select! {
            delivery = next(&mut of_newer) => {
                missing.remove(&delivery.envelope().expect("readable").id);
                delivery.ack();
            }
            _ = of_older.next() => panic!("the former release has received an event that it does not handle"),
        }
    }

    // After a rollback no process handles the subject; its events are acknowledged and do not come for ever.
    newer.close().await;
    publish(&*older, &refunded()).await;
    let known = captured();
    publish(&*older, &known).await;
    expect(&mut of_older, &known).await;
    marketplace
        .wait_for_of("payments", "orders", |info| info.num_pending == 0 && info.num_ack_pending == 0)
        .await;
    marketplace.end().await;
}

#[tokio::test]
async fn a_filter_that_another_program_has_narrowed_is_widened_again() {
    let marketplace = Marketplace::new();
    let (bus, context) = (marketplace.process().await, marketplace.context().await);
    let mut orders = bus.subscribe("orders", NEXT);
    marketplace.wait_for_of("payments", "orders", |info| info.num_waiting == 1).await;
    let mut config = marketplace.consumer_of("payments", "orders").await.expect("there").config;
    config.filter_subjects.retain(|subject| subject.ends_with("captured"));
    let narrowed = context.create_consumer_on_stream(config, marketplace.stream_name("payments")).await;
    narrowed.expect("narrowed");
    marketplace.wait_for_of("payments", "orders", |info| info.config.filter_subjects.len() == 2).await;
    let event = refunded();
    publish(&*bus, &event).await;
    expect(&mut orders, &event).await;
    marketplace.end().await;
}
