//! A database in memory with faults on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::{BoxFuture, FutureExt};
use store::sqlite::SqliteBackend;
use store::{
    Backend, CommitError, IndexedRecord, OutboxEntry, RangeQuery, Record, ScannedRecord, StoreError,
    UniqueKey, Write,
};
use uuid::Uuid;

/// A database that can withhold changes of its outbox, refuse commits, or show an entry late.
pub(crate) struct Database {
    inner: Arc<SqliteBackend>,
    pub(crate) silent: AtomicBool,
    pub(crate) refuses: AtomicBool,
    pub(crate) hides_first: AtomicBool,
}

impl Database {
    pub(crate) fn new() -> Self {
        let inner = SqliteBackend::in_memory().expect("a database");
        let (silent, refuses, hides_first) = Default::default();
        Self { inner, silent, refuses, hides_first }
    }
}

impl Backend for Database {
    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.inner.get(collection, id)
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        key: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.inner.get_by_unique_key(collection, key)
    }

    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        self.inner.range(query)
    }

    fn scan(
        &self,
        collection: &'static str,
        format: Option<u32>,
        after: Option<Uuid>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ScannedRecord>, StoreError>> {
        self.inner.scan(collection, format, after, limit)
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        if self.refuses.load(Ordering::Relaxed) {
            return async { Err(StoreError::Unavailable("switched off".to_owned()).into()) }.boxed();
        }
        self.inner.commit(write)
    }

    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>> {
        // The first entry of a database has the lowest sequence number.
        let after = if self.hides_first.load(Ordering::Relaxed) { after.max(1) } else { after };
        self.inner.outbox(after, limit)
    }

    fn outbox_changed(&self) -> BoxFuture<'_, ()> {
        if self.silent.load(Ordering::Relaxed) {
            return futures::future::pending().boxed();
        }
        self.inner.outbox_changed()
    }

    fn mark_published(&self, seqs: Vec<u64>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.mark_published(seqs)
    }

    fn revision(&self, collection: &'static str) -> Option<u64> {
        self.inner.revision(collection)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.check()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}
