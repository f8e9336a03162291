//! Outages of the server.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::stream::{self, DiscardPolicy};
use bus::jetstream::JetStream;
use bus::{Bus, DeadLetter, Lagged, Limits, Relay};
use common::clock::SystemClock;
use common::{Clock, Decision, OrderId};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use store::{Document, Store};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{
    DEADLINES, Ends, Marketplace, RunningConsumer, database, envelope, event, eventually, ids, own_server,
    publish, within,
};

#[derive(Clone, Serialize, Deserialize)]
struct Order {
    id: OrderId,
}

impl Document for Order {
    const COLLECTION: &'static str = "orders";

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        1
    }
}

/// Commits orders, each with its event.
async fn commit(store: &Store, count: usize) -> Vec<Uuid> {
    let orders = store.collection::<Order>();
    let mut committed = Vec::new();
    for _ in 0..count {
        let id: OrderId = ids().next();
        let order = Decision::with_event(Order { id }, event(id));
        let change = orders.apply(id, move |_| Some(order.clone()));
        change.await.expect("committed");
        committed.push(id.into());
    }
    committed
}

fn relay(store: &Store, bus: &Arc<JetStream>, stop: &CancellationToken) -> JoinSet<()> {
    let (backend, clock) = (Arc::clone(store.backend()), Arc::new(SystemClock));
    let relay = Relay::new("expiration", backend, Arc::clone(bus) as _, clock, ids());
    let mut running = JoinSet::new();
    running.spawn(relay.run(stop.clone()));
    running
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_committed_before_during_and_after_an_outage_is_handled_and_nothing_is_lost() {
    let mut server = own_server();
    let marketplace = Marketplace::at(server.url()).with_ack_wait(Duration::from_secs(1));
    let (publisher, consumer) = (database(), database());
    let (bus, stop) = (marketplace.process().await, CancellationToken::new());
    let mut relay = relay(&publisher, &bus, &stop);
    let mut running =
        RunningConsumer::start(marketplace.process().await, &consumer, Limits::default(), Ends::AtOnce);
    let mut missing: HashSet<Uuid> = HashSet::new();
    for _ in 0..3 {
        missing.extend(commit(&publisher, 100).await);
        missing.remove(&running.next_started().await.aggregate);
        server.kill();
        missing.extend(commit(&publisher, 100).await);
        server.restart().expect("restarted");
    }
    missing.extend(commit(&publisher, 100).await);
    while !missing.is_empty() {
        missing.remove(&running.next_started().await.aggregate);
    }
    eventually(async || publisher.backend().outbox(0, 1).await.ok().filter(Vec::is_empty)).await;
    marketplace.wait_for("deadlines", |info| info.num_pending == 0 && info.num_ack_pending == 0).await;
    assert_eq!(DeadLetter::list(&consumer).await.expect("listed"), []);
    stop.cancel();
    within(relay.join_next()).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_into_a_full_stream_waits_in_the_outbox_and_nothing_is_lost() {
    const STREAM_BYTES: i64 = 64 << 10;
    let marketplace = Marketplace::new().with_stream_bytes(STREAM_BYTES);
    let (publisher, consumer) = (database(), database());
    let (bus, stop) = (marketplace.process().await, CancellationToken::new());
    let mut relay = relay(&publisher, &bus, &stop);
    let mut running =
        RunningConsumer::start(marketplace.process().await, &consumer, Limits::default(), Ends::AtOnce);
    let mut missing: HashSet<Uuid> = commit(&publisher, 400).await.into_iter().collect();
    let context = marketplace.context().await;
    let name = marketplace.stream_name("expiration");
    let full = eventually(async || {
        let waiting = publisher.backend().outbox(0, 400).await.expect("read").len() as u64;
        let state = context.get_stream(&name).await.expect("there").cached_info().state.clone();
        let is_full = state.bytes + 1024 > STREAM_BYTES as u64 && state.messages + waiting == 400;
        is_full.then_some(state)
    });
    assert_eq!(full.await.first_sequence, 1, "no event was discarded for a newer one");
    // An operator removes what every consumer has acknowledged, as the runbook says, until everything has passed.
    while !missing.is_empty() {
        tokio::select! {
            event = running.next_started() => { missing.remove(&event.aggregate); }
            () = SystemClock.sleep(Duration::from_millis(100)) => {
                let info = marketplace.consumer("deadlines").await.expect("there");
                let stream = context.get_stream(&name).await.expect("there");
                stream.purge().sequence(info.ack_floor.stream_sequence + 1).await.expect("purged");
            }
        }
    }
    eventually(async || publisher.backend().outbox(0, 1).await.ok().filter(Vec::is_empty)).await;
    stop.cancel();
    within(relay.join_next()).await;
    running.stop().await;
    marketplace.end().await;
}

/// The negative control of the test above.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_stream_that_discards_its_oldest_events_loses_them() {
    let marketplace = Marketplace::new().with_stream_bytes(64 << 10);
    let (publisher, consumer) = (database(), database());
    let (bus, stop) = (marketplace.process().await, CancellationToken::new());
    let subscribed = marketplace.process().await;
    let context = marketplace.context().await;
    let expiration = context.get_stream(marketplace.stream_name("expiration")).await.expect("there");
    let refusing = expiration.cached_info().config.clone();
    let discarding = stream::Config { discard: DiscardPolicy::Old, ..refusing };
    context.update_stream(discarding).await.expect("updated");
    let mut relay = relay(&publisher, &bus, &stop);
    let mut lost: HashSet<Uuid> = commit(&publisher, 400).await.into_iter().collect();
    eventually(async || publisher.backend().outbox(0, 1).await.ok().filter(Vec::is_empty)).await;
    let mut running = RunningConsumer::start(subscribed, &consumer, Limits::default(), Ends::AtOnce);
    let newest = loop {
        let event = running.next_started().await;
        lost.remove(&event.aggregate);
        let state = marketplace.stream("expiration").await.state;
        if 400 - lost.len() as u64 == state.messages {
            break state.first_sequence;
        }
    };
    marketplace.wait_for("deadlines", |info| info.num_pending == 0 && info.num_ack_pending == 0).await;
    assert_eq!(
        (lost.len() as u64 + 1, lost.is_empty()),
        (newest, false),
        "events that no consumer receives any more"
    );
    stop.cancel();
    within(relay.join_next()).await;
    running.stop().await;
    marketplace.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_and_its_end_are_reported_to_readiness() {
    let mut server = own_server();
    let bus = Marketplace::at(server.url()).process().await;
    bus.check().await.expect("ready");
    server.kill();
    let down = eventually(async || bus.check().await.err()).await;
    assert!(down.to_string().starts_with("the bus is not available: "), "{down}");
    server.restart().expect("restarted");
    eventually(async || bus.check().await.ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_listener_that_was_disconnected_receives_lagged_and_then_the_next_event() {
    let mut server = own_server();
    let marketplace = Marketplace::at(server.url());
    let bus = marketplace.process().await;
    let mut live = bus.live(DEADLINES);
    let (before, after) = (envelope(), envelope());
    publish(&*bus, &before).await;
    assert_eq!(within(live.next()).await, Some(Ok(before)));
    server.restart().expect("restarted");
    assert_eq!(within(live.next()).await, Some(Err(Lagged)));
    publish(&*bus, &after).await;
    assert_eq!(within(live.next()).await, Some(Ok(after)));
}
