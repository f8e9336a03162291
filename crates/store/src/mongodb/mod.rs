//! The adapter for MongoDB, for a service of several processes.
//!
//! A service has a database, an aggregate one document in it, laid out to be read by people. A commit is one write to
//! that one document, which MongoDB makes atomically without a transaction, so neither a replica set nor a session is
//! needed; where there is a replica set, a majority confirms every commit, and the driver repeats what a failover
//! interrupted.
//!
//! Any number of processes share a database. Each relays what it committed itself, at once; what is left in a document
//! for some seconds, because its process died, any of them takes up. An event may so be published twice, and after a
//! crash behind a later one of its aggregate; consumers go by its version.

mod calls;
mod collections;
mod commit;
mod error;
mod format;
mod json;
mod layout;
mod open;
mod outbox;
mod place;
mod read;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Ids, SharedClock};
use futures::FutureExt;
use futures::future::BoxFuture;
use metrics::counter;
use mongodb::Client;
use mongodb::bson::doc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use error::OpenError;

use self::calls::{Callers, call};
use self::collections::Collections;
use self::outbox::{Origin, Outbox, SENT_WAITS};
use crate::{
    Backend, IndexedRecord, OutboxEntry, RangeQuery, Record, Schema, StoreError, UniqueKey, Write, WriteError,
};

/// How long the server may take to say that it is there.
const CHECK: Duration = Duration::from_secs(2);

/// A database on a MongoDB server, shared with any number of other processes.
pub struct MongoBackend(Arc<Parts>);

struct Parts {
    name: String,
    client: Client,
    clock: SharedClock,
    collections: Collections,
    callers: Callers,
    outbox: Outbox,
    /// What goes on without anybody waiting for it; closing does.
    tasks: TaskTracker,
    closing: CancellationToken,
    /// Whether somebody is about to take sent entries out of their documents.
    taking_out: AtomicBool,
}

impl fmt::Debug for MongoBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoBackend").field("database", &self.0.name).finish_non_exhaustive()
    }
}

impl MongoBackend {
    /// Opens the database that `url` (`mongodb://user:password@host:port/name?options`) names; without a name in it,
    /// the one called `database`. As long as the server does not answer this tries again, with growing pauses and a
    /// line in the log each time; drop the future to give up.
    ///
    /// `clock` and `ids` tell how old an entry of the outbox is, and name it. The ids of two processes must differ.
    ///
    /// # Errors
    /// Only what does not pass by itself: the address is wrong, the server does not let us in, the database belongs
    /// to somebody else or to a newer version.
    pub async fn open(
        url: &str,
        database: &str,
        clock: SharedClock,
        ids: Ids,
    ) -> Result<Arc<Self>, OpenError> {
        let database = open::open(url, database, &clock).await?;
        let name = database.name().to_owned();
        Ok(Arc::new(Self(Arc::new(Parts {
            client: database.client().clone(),
            collections: Collections::of(database),
            callers: Callers::new(name.clone()),
            outbox: Outbox::new(name.clone(), Arc::clone(&clock), ids),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            taking_out: AtomicBool::new(false),
            clock,
            name,
        }))))
    }
}

impl Parts {
    async fn commit(&self, mut write: Write) -> Result<(), WriteError> {
        let collection = self.collections.named(write.collection).await?;
        let origin = Origin { collection: write.collection, document: write.id };
        let beginning = self.outbox.begin(origin, std::mem::take(&mut write.outbox));
        let result = commit::commit(&collection, &write, beginning.entries()).await;
        beginning.settle(&result);
        if result.is_ok() {
            counter!("store_writes_total", "database" => self.name.clone()).increment(1);
        }
        result
    }

    /// Takes out of the documents what was sent, a little later and for as long as it takes; when the database is being
    /// closed, at once and once.
    async fn take_out(self: Arc<Self>) {
        loop {
            let waited = self.closing.run_until_cancelled(self.clock.sleep(SENT_WAITS)).await;
            self.taking_out.store(false, Ordering::Release);
            let done = self.take_out_now().await;
            if done.is_ok() || waited.is_none() || self.taking_out.swap(true, Ordering::AcqRel) {
                return;
            }
        }
    }

    async fn take_out_now(&self) -> Result<(), StoreError> {
        if self.outbox.has_sent_nothing() {
            return Ok(());
        }
        let collections = self.collections.all().await?;
        self.outbox.take_out(&collections).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.callers.are_welcome()?;
        self.callers.measure();
        call(CHECK, self.client.database(&self.name).run_command(doc! { "ping": 1 })).await?;
        self.collections.all().await.map(drop)
    }
}

impl Backend for MongoBackend {
    fn declare(&self, schema: Schema) {
        self.0.collections.declare(schema);
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        async move {
            let _place = self.0.callers.admit()?;
            read::get(&*self.0.collections.named(collection).await?, id).await
        }
        .boxed()
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        claim: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        async move {
            let _place = self.0.callers.admit()?;
            read::get_by_unique_key(&*self.0.collections.named(collection).await?, claim).await
        }
        .boxed()
    }

    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        async move {
            let _place = self.0.callers.admit()?;
            read::range(&*self.0.collections.named(query.collection).await?, &query).await
        }
        .boxed()
    }

    /// It goes on when the caller goes away: the write would happen or not all the same, and nobody would relay it.
    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), WriteError>> {
        async move {
            let place = self.0.callers.admit()?;
            let parts = Arc::clone(&self.0);
            let commit = async move {
                let result = parts.commit(write).await;
                drop(place);
                result
            };
            self.0.tasks.spawn(commit).await.map_err(|_| error::closed())?
        }
        .boxed()
    }

    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>> {
        async move {
            self.0.callers.are_welcome()?;
            self.0.outbox.sweep(after, &self.0.collections.all().await?).await?;
            Ok(self.0.outbox.waiting(after, limit))
        }
        .boxed()
    }

    fn outbox_changed(&self) -> BoxFuture<'_, ()> {
        self.0.outbox.grew().boxed()
    }

    fn mark_published(&self, seqs: Vec<u64>) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            self.0.outbox.mark_published(&seqs);
            if !seqs.is_empty() && !self.0.taking_out.swap(true, Ordering::AcqRel) {
                self.0.tasks.spawn(Arc::clone(&self.0).take_out());
            }
            Ok(())
        }
        .boxed()
    }

    /// Others write as well.
    fn revision(&self, _collection: &'static str) -> Option<u64> {
        None
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.check().boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async move {
            self.0.callers.close();
            self.0.closing.cancel();
            self.0.tasks.close();
            self.0.tasks.wait().await;
            // What was sent while the database did not answer. What stays is published again.
            let _ = self.0.take_out_now().await;
            self.0.client.clone().shutdown().immediate(true).await;
        }
        .boxed()
    }
}
