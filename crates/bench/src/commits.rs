//! Durable commits of an order's documents, with nothing around them.

use std::path::Path;
use std::sync::Arc;

use common::clock::SystemClock;
use common::event::{OrderSnapshot, OrderStatus, OrderedTicket};
use common::{Currency, Decision, Event, Ids, Money, SharedClock, SystemEntropy, Time};
use loadgen::Stopwatch;
use parking_lot::Mutex;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};
use store::sqlite::SqliteBackend;
use store::{Document, Index, Keys, Store, UniqueKey};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::program::Failure;

/// An order with the keys and the unique key that the orders service gives it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct Order(OrderSnapshot);

impl Document for Order {
    const COLLECTION: &'static str = "orders";
    const INDEXES: &'static [Index] = &[Index::one("by-buyer")];
    const UNIQUE_KEYS: &'static [&'static str] = &["ticket"];

    fn id(&self) -> Uuid {
        self.0.id.into()
    }

    fn version(&self) -> u64 {
        self.0.version
    }

    fn keys(&self) -> Keys {
        let keys = Keys::none().ordered("by-buyer", [self.0.user_id.into(), self.0.created_at.into()]);
        keys.unique(UniqueKey::new("ticket", self.0.ticket.id))
    }
}

/// Commits orders to a store of its own from concurrent tasks. Returns commits per second.
pub(crate) async fn group(folder: &Path, count: usize, tasks: usize) -> Result<f64, Failure> {
    let (clock, ids) = clock_and_ids();
    let backend = SqliteBackend::open(folder.join("grouped.sqlite"))?;
    let store = Store::new(backend, clock, ids.clone());
    let rate = commit_all(&store, &ids, count, tasks).await?;
    store.backend().close().await;
    Ok(rate)
}

/// Commits orders to this store from concurrent tasks. Returns commits per second.
pub(crate) async fn commit_all(store: &Store, ids: &Ids, count: usize, tasks: usize) -> Result<f64, Failure> {
    let queue = Arc::new(Mutex::new(orders(ids, count).into_iter()));
    let (mut workers, watch) = (JoinSet::new(), Stopwatch::start());
    for _ in 0..tasks {
        let (queue, orders) = (Arc::clone(&queue), store.collection::<Order>());
        workers.spawn(async move {
            loop {
                let next = queue.lock().next();
                let Some(order) = next else { return Ok::<_, Failure>(()) };
                let events = vec![Event::OrderCreated(order.clone())];
                orders.commit(Decision { next: Order(order), events }).await?;
            }
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    Ok(watch.per_second(count))
}

/// Commits orders as a plain program does: a transaction each, from threads that share one connection. Returns commits
/// per second.
pub(crate) fn one_by_one(folder: &Path, count: usize, threads: usize) -> Result<f64, Failure> {
    let (_, ids) = clock_and_ids();
    std::fs::create_dir_all(folder)?;
    let connection = Connection::open(folder.join("one-by-one.sqlite"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(
        "CREATE TABLE orders (id BLOB PRIMARY KEY, buyer BLOB, created INTEGER, body TEXT) WITHOUT ROWID;
         CREATE INDEX by_buyer ON orders (buyer, created);
         CREATE TABLE claims (ticket BLOB PRIMARY KEY, id BLOB) WITHOUT ROWID;
         CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT);",
    )?;
    let work = Mutex::new((connection, orders(&ids, count).into_iter()));
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(move || insert_all(work))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })?;
    Ok(watch.per_second(count))
}

fn insert_all(work: &Mutex<(Connection, std::vec::IntoIter<OrderSnapshot>)>) -> Result<(), Failure> {
    loop {
        let mut work = work.lock();
        let Some(order) = work.1.next() else { return Ok(()) };
        insert(&mut work.0, order)?;
    }
}

fn insert(connection: &mut Connection, order: OrderSnapshot) -> Result<(), Failure> {
    let [id, buyer, ticket]: [Uuid; 3] = [order.id.into(), order.user_id.into(), order.ticket.id.into()];
    let (created, body) = (order.created_at.as_millis(), serde_json::to_string(&order)?);
    let event = serde_json::to_string(&Event::OrderCreated(order))?;
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    transaction.prepare_cached("INSERT INTO orders VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        id.as_bytes(),
        buyer.as_bytes(),
        created,
        body
    ])?;
    transaction
        .prepare_cached("INSERT INTO claims VALUES (?1, ?2)")?
        .execute(params![ticket.as_bytes(), id.as_bytes()])?;
    transaction.prepare_cached("INSERT INTO outbox (event) VALUES (?1)")?.execute([event])?;
    Ok(transaction.commit()?)
}

/// New orders, each of its own buyer and ticket.
pub(crate) fn orders(ids: &Ids, count: usize) -> Vec<OrderSnapshot> {
    let price = Money { amount: 2_500, currency: Currency::Usd };
    let now = Time::from_millis(1_795_341_600_000);
    let order = |number| OrderSnapshot {
        id: ids.next(),
        user_id: ids.next(),
        ticket: OrderedTicket {
            id: ids.next(),
            title: format!("Evening {number} of the festival"),
            price,
            seller_id: None,
            venue: None,
            starts_at: None,
        },
        status: OrderStatus::Created.into(),
        cancel_reason: None,
        refunded: None,
        dispute: None,
        expires_at: now,
        version: 1,
        created_at: now,
        updated_at: now,
        overdue: false,
    };
    (0..count).map(order).collect()
}

/// The system's clock, and ids from it.
pub(crate) fn clock_and_ids() -> (SharedClock, Ids) {
    let clock: SharedClock = Arc::new(SystemClock);
    (Arc::clone(&clock), Ids::new(clock, Arc::new(SystemEntropy)))
}
