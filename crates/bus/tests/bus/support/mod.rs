//! A world in one thread: a clock that the test moves, a database in memory, and events to send.

mod database;
mod given_bus;
mod listening;
mod noting_bus;

use std::sync::Arc;
use std::time::Duration;

use common::clock::SimClock;
use common::event::DeadlinePassed;
use common::{Clock, Decision, Envelope, Event, Ids, SeededEntropy, Time};
use serde::{Deserialize, Serialize};
use store::{Backend, Change, Document, Put, Store, Write};
use uuid::Uuid;

pub(crate) use database::Database;
pub(crate) use given_bus::GivenBus;
pub(crate) use listening::{Handler, Listening, Published};
pub(crate) use noting_bus::NotingBus;

pub(crate) struct World {
    pub(crate) clock: SimClock,
    pub(crate) ids: Ids,
    pub(crate) database: Arc<Database>,
    pub(crate) store: Store,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = SimClock::starting_at(Time::from_millis(1_800_000_000_000));
        let ids = Ids::new(Arc::new(clock.clone()), Arc::new(SeededEntropy::new(1)));
        let database = Arc::new(Database::new());
        let store = Store::new(database.clone(), Arc::new(clock.clone()), ids.clone());
        Self { clock, ids, database, store }
    }

    /// `expiration.completed` of the order of this number.
    pub(crate) fn event(&self, order: u128, version: u64) -> Arc<Envelope> {
        Arc::new(Envelope {
            id: self.ids.next(),
            schema: 1,
            aggregate: Uuid::from_u128(order),
            version,
            time: self.clock.now(),
            trace: None,
            event: event(order, self.clock.now()),
        })
    }

    /// Commits the next version of the order of this number, with its event.
    pub(crate) async fn commit(&self, order: u128) {
        let orders = self.store.collection::<Order>();
        let changed = orders.update(Uuid::from_u128(order), |former| {
            let version = former.map_or(1, |former| former.version + 1);
            let next = Order { id: Uuid::from_u128(order), version };
            Ok::<_, std::convert::Infallible>(Some(Decision::with_event(
                next,
                event(order, self.clock.now()),
            )))
        });
        changed.await.expect("committed");
    }

    /// Commits something whose event no one can read.
    pub(crate) async fn commit_poison(&self) {
        let put = Put { version: 1, body: "{}".to_owned(), keys: Vec::new(), claims: Vec::new() };
        let write = Write {
            collection: "poison",
            id: self.ids.next(),
            expected: 0,
            change: Change::Put(put),
            outbox: vec!["{\"subject\":\"from.the-future\"}".to_owned()],
        };
        self.database.commit(write).await.expect("committed");
    }

    /// How many entries the outbox holds.
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
            let next = self.clock.next_wake().expect("somebody waits for the clock");
            self.clock.advance(next - self.clock.now());
        }
        panic!("it never came to pass");
    }

    /// Moves the clock, and lets the work that this wakes come to rest.
    pub(crate) async fn pass(&self, time: Duration) {
        settle().await;
        self.clock.advance(time);
        settle().await;
    }
}

/// Lets all work in this thread come to rest.
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
