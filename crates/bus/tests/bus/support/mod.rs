//! The harness in one thread: a simulated clock, a database in memory, and sample events.

mod buses;
mod database;
mod running_consumer;

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, DeadLetter, Relay};
use common::clock::SimClock;
use common::event::DeadlinePassed;
use common::{Clock, Decision, Envelope, Event, Ids, SeededEntropy, Time};
use serde::{Deserialize, Serialize};
use store::{Backend, Change, Document, Put, Store, Write};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use buses::{RecordingBus, ScriptedBus};
pub(crate) use database::Database;
pub(crate) use running_consumer::{Handler, Published, RunningConsumer, consume};

pub(crate) struct Harness {
    pub(crate) clock: SimClock,
    pub(crate) ids: Ids,
    pub(crate) database: Arc<Database>,
    pub(crate) store: Store,
}

impl Harness {
    pub(crate) fn new() -> Self {
        let clock = SimClock::starting_at(Time::from_millis(1_800_000_000_000));
        let ids = Ids::new(Arc::new(clock.clone()), Arc::new(SeededEntropy::new(1)));
        let database = Arc::new(Database::new());
        let store = Store::new(database.clone(), Arc::new(clock.clone()), ids.clone());
        Self { clock, ids, database, store }
    }

    /// `expiration.completed` of the order of this number.
    pub(crate) fn event(&self, order: u128, version: u64) -> Arc<Envelope> {
        let (aggregate, time) = (Uuid::from_u128(order), self.clock.now());
        Arc::new(Envelope::new(self.ids.next(), aggregate, version, time, event(order, time)))
    }

    /// Commits the next version of the order of this number, with its event.
    pub(crate) async fn commit(&self, order: u128) {
        let orders = self.store.collection::<Order>();
        let changed = orders.apply(Uuid::from_u128(order), |former| {
            let version = former.map_or(1, |former| former.version + 1);
            let next = Order { id: Uuid::from_u128(order), version };
            Some(Decision::with_event(next, event(order, self.clock.now())))
        });
        changed.await.expect("committed");
    }

    /// Commits an unreadable event.
    pub(crate) async fn commit_poison(&self) {
        self.commit_events(vec!["{\"subject\":\"from.the-future\"}".to_owned()]).await;
    }

    /// Commits these events at once.
    pub(crate) async fn commit_events(&self, outbox: Vec<String>) {
        let change = Change::Put(Put::new(1, "{}"));
        let write = Write { collection: "batches", id: self.ids.next(), expected: 0, change, outbox };
        self.database.commit(write).await.expect("committed");
    }

    /// Runs a relay to this bus; a drop is a crash.
    pub(crate) fn relay(&self, bus: Arc<dyn Bus>, stop: &CancellationToken) -> JoinSet<()> {
        let clock = Arc::new(self.clock.clone());
        let relay = Relay::new("tests", self.database.clone(), bus, clock, self.ids.clone());
        let mut running = JoinSet::new();
        running.spawn(relay.run(stop.clone()));
        running
    }

    /// The dead letters.
    pub(crate) async fn letters(&self) -> Vec<DeadLetter> {
        DeadLetter::list(&self.store).await.expect("listed")
    }

    /// The number of entries in the outbox.
    pub(crate) async fn outbox(&self) -> usize {
        self.database.outbox(0, 100_000).await.expect("read").len()
    }

    /// Moves the clock from sleeper to sleeper until `done`.
    pub(crate) async fn pass_time_until(&self, mut done: impl FnMut() -> bool) {
        for _ in 0..10_000 {
            settle().await;
            if done() {
                return;
            }
            let next = self.clock.next_wake().expect("a task sleeps on the clock");
            self.clock.advance(next - self.clock.now());
        }
        panic!("the condition was never met");
    }

    /// Moves the clock, and lets the tasks that wake settle.
    pub(crate) async fn pass(&self, time: Duration) {
        settle().await;
        self.clock.advance(time);
        settle().await;
    }
}

/// Runs all tasks of this thread until they wait for the clock or for the test.
pub(crate) async fn settle() {
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
}

fn event(order: u128, time: Time) -> Event {
    let order_id = Uuid::from_u128(order).into();
    Event::ExpirationCompleted(DeadlinePassed { order_id, expires_at: time })
}

#[derive(Clone, Serialize, Deserialize)]
struct Order {
    id: Uuid,
    version: u64,
}

impl Document for Order {
    const COLLECTION: &'static str = "orders";

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }
}
