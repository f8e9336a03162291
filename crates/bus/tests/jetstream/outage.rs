//! A server that is killed in the middle of everything.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bus::jetstream::JetStream;
use bus::{Bus, DeadLetter, Limits, Relay};
use common::clock::SystemClock;
use common::{Decision, OrderId, poll_until};
use futures::future::join;
use serde::{Deserialize, Serialize};
use store::sqlite::SqliteBackend;
use store::{Document, Store};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{Ends, Marketplace, Running, envelope, event, ids, own_server, publish, within};

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

fn database() -> Store {
    let backend = SqliteBackend::in_memory().expect("a database");
    Store::new(backend, Arc::new(SystemClock), ids())
}

/// Commits so many orders, each with its event.
async fn commit(store: &Store, count: usize) -> Vec<Uuid> {
    let orders = store.collection::<Order>();
    let mut committed = Vec::new();
    for _ in 0..count {
        let id: OrderId = ids().next();
        let order = Decision::with_event(Order { id }, event(id));
        let change = orders.update::<std::convert::Infallible>(id, move |_| Ok(Some(order.clone())));
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
async fn what_is_committed_before_during_and_after_an_outage_is_heard_and_nothing_is_lost() {
    let mut server = own_server();
    let marketplace = Marketplace::at(server.url()).impatient();
    let (announcing, listening) = (database(), database());
    let (bus, stop) = (marketplace.process().await, CancellationToken::new());
    let mut relay = relay(&announcing, &bus, &stop);
    let hearing = marketplace.process().await;
    let mut running = Running::start(hearing, &listening, Limits::default(), Ends::AtOnce);
    let mut missing: HashSet<Uuid> = HashSet::new();
    for _ in 0..3 {
        missing.extend(commit(&announcing, 100).await);
        missing.remove(&running.begun().await.aggregate);
        server.kill();
        missing.extend(commit(&announcing, 100).await);
        server.restart().expect("it starts again");
    }
    missing.extend(commit(&announcing, 100).await);
    while !missing.is_empty() {
        missing.remove(&running.begun().await.aggregate);
    }
    let empty = || async { Ok::<_, ()>(announcing.backend().outbox(0, 1).await.ok().filter(Vec::is_empty)) };
    poll_until(Duration::from_mins(1), empty).await.expect("no error").expect("the outbox is empty");
    marketplace.until("deadlines", |info| info.num_pending == 0 && info.num_ack_pending == 0).await;
    assert_eq!(DeadLetter::list(&listening).await.expect("listed"), []);
    stop.cancel();
    within(relay.join_next()).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_says_that_it_has_no_bus_and_when_it_has_one_again() {
    let mut server = own_server();
    let bus = Marketplace::at(server.url()).process().await;
    bus.check().await.expect("ready");
    server.kill();
    let down = || async { Ok::<_, ()>(bus.check().await.err()) };
    let down = poll_until(Duration::from_mins(1), down).await.expect("no error").expect("it notices");
    assert!(down.to_string().starts_with("the bus is not available: "), "{down}");
    server.restart().expect("it starts again");
    let up = || async { Ok::<_, ()>(bus.check().await.ok()) };
    poll_until(Duration::from_mins(1), up).await.expect("no error").expect("it notices");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_published_during_an_outage_waits_for_its_end() {
    let mut server = own_server();
    let marketplace = Marketplace::at(server.url());
    let (bus, event) = (marketplace.process().await, envelope());
    server.kill();
    let restarted = async { server.restart().expect("it starts again") };
    join(publish(&*bus, &event), restarted).await;
    let context = marketplace.context().await;
    let stream = context.get_stream(marketplace.stream_name("expiration")).await.expect("there");
    assert_eq!(stream.cached_info().state.messages, 1);
}
