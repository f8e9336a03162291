//! The adapter for MongoDB, for a service of several processes.
//!
//! A service has a database, an aggregate one document in it, in a layout for human readers. A commit is one write to that
//! document, atomic in MongoDB without a transaction, so neither a replica set nor a session is needed. In a replica set
//! a majority confirms every commit, and the driver retries after a failover.
//!
//! Any number of processes share a database. Each relays its own commits at once. An event that stays in a document for
//! some seconds, because its process crashed, is relayed by any of them. An event may therefore be published twice, and
//! after a crash behind a later event of its aggregate; consumers compare the version.

mod calls;
mod collections;
mod commit;
mod error;
mod index_key;
mod json;
mod layout;
mod open;
mod outbox;
mod read;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::{Ids, SharedClock};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use metrics::counter;
use mongodb::Client;
use mongodb::bson::doc;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use error::MongoOpenError;

use self::calls::{ConcurrencyLimiter, call};
use self::collections::Collections;
use self::layout::Origin;
use self::outbox::{CommittedEvents, Outbox};
use crate::{
    Backend, Change, CommitError, EventReceiver, IndexedRecord, OutboxEntry, RangeQuery, Record, Revision,
    ScannedRecord, Schema, StoreError, UniqueKey, Write,
};

/// Shorter than the timeout of a readiness probe.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// A database on a MongoDB server, shared with any number of other processes.
pub struct MongoBackend(Arc<MongoInner>);

struct MongoInner {
    name: String,
    client: Client,
    collections: Collections,
    limiter: ConcurrencyLimiter,
    outbox: Outbox,
    /// Commits, perhaps without a waiting caller, and the task that prunes; closing waits for them.
    tasks: TaskTracker,
}

impl fmt::Debug for MongoBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoBackend").field("database", &self.0.name).finish_non_exhaustive()
    }
}

impl MongoBackend {
    /// Opens the database of `url` (`mongodb://user:password@host:port/name?options`), or the one called `database` if
    /// `url` contains no name. Retries with backoff and a log line each time until the server answers. Cancel safe: drop
    /// the future to stop retrying.
    ///
    /// `clock` and `ids` determine the age of an event in the outbox, and its id. The ids of two processes must differ.
    ///
    /// # Errors
    /// Permanent failures only: the address is malformed, the server refused the credentials, the database belongs to
    /// another program or to a newer version.
    pub async fn open(
        url: &str,
        database: &str,
        clock: SharedClock,
        ids: Ids,
    ) -> Result<Arc<Self>, MongoOpenError> {
        let database = open::open(url, database, &clock).await?;
        let name = database.name().to_owned();
        Ok(Arc::new(Self(Arc::new(MongoInner {
            client: database.client().clone(),
            collections: Collections::of(database),
            limiter: ConcurrencyLimiter::new(name.clone()),
            outbox: Outbox::new(name.clone(), clock, ids),
            tasks: TaskTracker::new(),
            name,
        }))))
    }
}

impl MongoInner {
    async fn commit(&self, mut write: Write) -> Result<(), CommitError> {
        let collection = self.collections.named(write.collection).await?;
        let origin = Origin { collection: write.collection, document: write.id };
        let events = self.outbox.elements(origin, std::mem::take(&mut write.outbox));
        let version = match &write.change {
            Change::Put(put) => Some(put.version),
            Change::Remove => None,
        };
        let replaces = self.outbox.is_published(origin, write.expected);
        let result = commit::commit(&collection, &write, &events, replaces).await;
        if matches!(result, Ok(_) | Err(CommitError::Store(_))) {
            // A failed commit may have happened, a refused one has not.
            collection.commits.fetch_add(1, Ordering::Relaxed);
        }
        self.outbox.committed(CommittedEvents { origin, expected: write.expected, version, events }, &result);
        result?;
        counter!("store_writes_total", "database" => self.name.clone()).increment(1);
        Ok(())
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.limiter.check_open()?;
        self.limiter.measure();
        call(CHECK_TIMEOUT, self.client.database(&self.name).run_command(doc! { "ping": 1 })).await?;
        self.collections.all().await.map(drop)
    }
}

impl Backend for MongoBackend {
    fn database(&self) -> &str {
        &self.0.name
    }

    fn declare(&self, schema: Schema) {
        self.0.collections.declare(schema);
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        async move {
            let _permit = self.0.limiter.acquire()?;
            read::get(&*self.0.collections.named(collection).await?, id).await
        }
        .boxed()
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        key: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        async move {
            let _permit = self.0.limiter.acquire()?;
            read::get_by_unique_key(&*self.0.collections.named(collection).await?, key).await
        }
        .boxed()
    }

    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        async move {
            let _permit = self.0.limiter.acquire()?;
            read::range(&*self.0.collections.named(query.collection).await?, &query).await
        }
        .boxed()
    }

    fn count(&self, query: RangeQuery) -> BoxFuture<'_, Result<usize, StoreError>> {
        async move {
            let _permit = self.0.limiter.acquire()?;
            read::count(&*self.0.collections.named(query.collection).await?, &query).await
        }
        .boxed()
    }

    fn scan(
        &self,
        collection: &'static str,
        format: Option<u32>,
        after: Option<Uuid>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ScannedRecord>, StoreError>> {
        async move {
            let _permit = self.0.limiter.acquire()?;
            read::scan(&self.0.collections.raw(collection), format, after, limit).await
        }
        .boxed()
    }

    /// Continues when the caller drops the future: the server may write all the same, and the events must be relayed.
    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        async move {
            let permit = self.0.limiter.acquire()?;
            let inner = Arc::clone(&self.0);
            let commit = async move {
                let result = inner.commit(write).await;
                drop(permit);
                result
            };
            self.0.tasks.spawn(commit).await.map_err(|_| StoreError::closed())?
        }
        .boxed()
    }

    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>> {
        async move {
            self.0.limiter.check_open()?;
            self.0.outbox.sweep(after, &self.0.collections.all().await?).await?;
            Ok(self.0.outbox.waiting(after, limit))
        }
        .boxed()
    }

    fn scan_outbox<'a>(
        &'a self,
        collections: &'a [&'static str],
        found: EventReceiver<'a>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            let _permit = self.0.limiter.acquire()?;
            for collection in collections {
                outbox::scan(&self.0.collections.raw(collection), collection, found).await?;
            }
            Ok(())
        }
        .boxed()
    }

    fn outbox_changed(&self) -> BoxFuture<'_, ()> {
        self.0.outbox.changed().boxed()
    }

    /// Returns at once: a task prunes the documents later.
    fn mark_published<'a>(&'a self, seqs: &'a [u64]) -> BoxFuture<'a, Result<(), StoreError>> {
        if self.0.outbox.mark_published(seqs) {
            let inner = Arc::clone(&self.0);
            self.0.tasks.spawn(async move {
                let is_closed = || inner.limiter.check_open().is_err();
                inner.outbox.prune_published(&inner.collections, is_closed).await;
            });
        }
        ready(Ok(())).boxed()
    }

    fn revision(&self, collection: &'static str) -> Revision {
        Revision::OfThisProcess(self.0.collections.commits(collection))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.check().boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async move {
            self.0.limiter.close();
            self.0.outbox.prune_now();
            self.0.tasks.close();
            self.0.tasks.wait().await;
            self.0.client.clone().shutdown().immediate(true).await;
        }
        .boxed()
    }
}
