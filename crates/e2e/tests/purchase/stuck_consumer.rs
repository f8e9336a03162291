//! A service with a database that refuses everything: no other service waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use e2e::{Person, World, WorldConfig, cards, poll_until};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use store::sqlite::SqliteBackend;
use store::{Backend, CommitError, Intercept, Record, StoreError, Write};
use uuid::Uuid;

use crate::flows::{awaiting, usd};

/// In real time.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A database that another process may have locked.
struct Lockable {
    database: Arc<dyn Backend>,
    locked: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
}

impl Lockable {
    fn check(&self) -> Result<(), StoreError> {
        if !self.locked.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.refused.fetch_add(1, Ordering::SeqCst);
        Err(StoreError::Unavailable("the database is locked".to_owned()))
    }
}

impl Intercept for Lockable {
    fn inner(&self) -> &dyn Backend {
        &*self.database
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        async move {
            self.check()?;
            self.database.get(collection, id).await
        }
        .boxed()
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        async move {
            self.check()?;
            self.database.commit(write).await
        }
        .boxed()
    }
}

/// Waits for a status while work is left: the events of the service that is locked.
async fn becomes_meanwhile(world: &World, buyer: &Person, order: &Value, status: &str) {
    let condition = || async {
        world.clock.advance(Duration::from_millis(20));
        buyer.order(order).await["status"] == status
    };
    poll_until(TIMEOUT, &format!("the order is {status}"), condition).await;
}

#[tokio::test]
async fn a_purchase_completes_while_the_database_of_expiration_is_locked_and_expiration_catches_up() {
    let (locked, refused) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
    let (lock, count) = (Arc::clone(&locked), Arc::clone(&refused));
    let open = move |service: &str| -> Arc<dyn Backend> {
        let database = SqliteBackend::in_memory().expect("a database in memory");
        let (locked, refused) = (Arc::clone(&lock), Arc::clone(&count));
        if service == "expiration" { Arc::new(Lockable { database, locked, refused }) } else { database }
    };
    let world = World::with(WorldConfig { open_store: Box::new(open), ..WorldConfig::default() }).await;
    let (buyer, first) = awaiting(&world).await;
    let offered = world.person("another").await.sells("Opera", usd(30_00)).await;
    world.settle().await;

    locked.store(true, Ordering::SeqCst);
    let second = buyer.buys(&offered).await;
    becomes_meanwhile(&world, &buyer, &second, "awaiting-payment").await;
    for order in [&first, &second] {
        assert_eq!(buyer.pays(order, cards::VISA).await.json["status"], "requires_capture");
        becomes_meanwhile(&world, &buyer, order, "complete").await;
    }
    assert!(refused.load(Ordering::SeqCst) > 0, "expiration cannot handle the events");

    locked.store(false, Ordering::SeqCst);
    // Every outbox is empty: expiration has caught up.
    world.advance(Duration::from_mins(1)).await;
    world.finish().await;
}
