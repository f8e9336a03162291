//! A process that ends in order.

use bus::Bus;
use futures::StreamExt;

use crate::support::{DEADLINES, Marketplace, envelope, next, publish, within};

#[tokio::test]
async fn closing_tells_the_server_what_was_done_and_gives_back_the_rest_at_once() {
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
    let told = marketplace.consumer("deadlines").await.expect("it is durable");
    assert_eq!((told.ack_floor.stream_sequence, told.num_ack_pending), (1, 1));

    // The server would take 30 seconds to take it back from a process that had died.
    let mut deliveries = second.subscribe("deadlines", DEADLINES);
    let delivery = next(&mut deliveries).await;
    assert_eq!((&delivery.envelope, delivery.deliveries), (&left, 2));
    marketplace.end().await;
}

#[tokio::test]
async fn closing_ends_subscriptions_and_fails_who_still_publishes() {
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
