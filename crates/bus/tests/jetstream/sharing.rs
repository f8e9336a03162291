//! Several processes of one service.

use std::collections::HashSet;

use bus::Bus;
use futures::future::join_all;
use futures::stream::{StreamExt, select};

use crate::support::{DEADLINES, Marketplace, envelope, publish, within};

#[tokio::test]
async fn two_processes_of_a_service_share_the_events_and_no_event_comes_to_both() {
    let marketplace = Marketplace::new();
    let (one, other) = (marketplace.process().await, marketplace.process().await);
    let mut both = select(
        one.subscribe("deadlines", DEADLINES).map(|delivery| (1, delivery)),
        other.subscribe("deadlines", DEADLINES).map(|delivery| (2, delivery)),
    );
    marketplace.until("deadlines", |info| info.num_waiting == 2).await;
    let events: Vec<_> = (0..200).map(|_| envelope()).collect();
    join_all(events.iter().map(|event| publish(&*one, event))).await;
    let (mut heard, mut by) = (HashSet::new(), HashSet::new());
    for _ in &events {
        let (process, delivery) = within(both.next()).await.expect("a delivery");
        assert!(heard.insert(delivery.envelope.id), "it came twice");
        by.insert(process);
        delivery.ack();
    }
    assert_eq!(by, HashSet::from([1, 2]));
    marketplace.until("deadlines", |info| info.num_pending == 0 && info.num_ack_pending == 0).await;
    marketplace.end().await;
}

#[tokio::test]
async fn what_one_process_cannot_take_goes_to_another() {
    let marketplace = Marketplace::new();
    let (busy, idle) = (marketplace.process().await, marketplace.process().await);
    let mut full = busy.subscribe("deadlines", DEADLINES);
    marketplace.until("deadlines", |info| info.num_waiting == 1).await;
    let events: Vec<_> = (0..600).map(|_| envelope()).collect();
    join_all(events.iter().map(|event| publish(&*busy, event))).await;
    // As many as it may hold.
    let mut held = Vec::new();
    for _ in 0..512 {
        held.push(within(full.next()).await.expect("a delivery"));
    }
    let mut rest = idle.subscribe("deadlines", DEADLINES);
    for _ in 512..600 {
        within(rest.next()).await.expect("a delivery").ack();
    }
    marketplace.until("deadlines", |info| info.num_pending == 0 && info.num_ack_pending == 512).await;
    marketplace.end().await;
}
