//! Publishing: once, whatever is repeated.

use bus::Bus;
use futures::future::join_all;

use crate::support::{Marketplace, envelope, publish};

#[tokio::test]
async fn an_event_that_several_relays_publish_at_once_is_kept_once() {
    let marketplace = Marketplace::new();
    let processes = [marketplace.process().await, marketplace.process().await];
    let event = envelope();
    let published = (0..20).map(|time| processes[time % 2].publish(event.clone()));
    assert!(join_all(published).await.iter().all(Result::is_ok));
    let context = marketplace.context().await;
    let stream = context.get_stream(marketplace.stream_name("expiration")).await.expect("there");
    assert_eq!(stream.cached_info().state.messages, 1);
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
