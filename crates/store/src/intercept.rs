//! A database in front of another, for tests of faults.

use futures::future::BoxFuture;
use uuid::Uuid;

use crate::{
    Backend, CommitError, EventReceiver, IndexedRecord, OutboxEntry, RangeQuery, Record, ScannedRecord,
    Schema, StoreError, UniqueKey, Write,
};

/// A [`Backend`] that passes each call on to another one. A test overrides the calls that it counts, delays or refuses.
pub trait Intercept: Send + Sync + 'static {
    /// The database behind.
    fn inner(&self) -> &dyn Backend;

    /// [`Backend::get`].
    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.inner().get(collection, id)
    }

    /// [`Backend::get_by_unique_key`].
    fn get_by_unique_key(
        &self,
        collection: &'static str,
        key: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.inner().get_by_unique_key(collection, key)
    }

    /// [`Backend::range`].
    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        self.inner().range(query)
    }

    /// [`Backend::commit`].
    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        self.inner().commit(write)
    }

    /// [`Backend::outbox`].
    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>> {
        self.inner().outbox(after, limit)
    }

    /// [`Backend::outbox_changed`].
    fn outbox_changed(&self) -> BoxFuture<'_, ()> {
        self.inner().outbox_changed()
    }
}

impl<T: Intercept> Backend for T {
    fn declare(&self, schema: Schema) {
        self.inner().declare(schema);
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        Intercept::get(self, collection, id)
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        key: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        Intercept::get_by_unique_key(self, collection, key)
    }

    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        Intercept::range(self, query)
    }

    fn scan(
        &self,
        collection: &'static str,
        format: Option<u32>,
        after: Option<Uuid>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ScannedRecord>, StoreError>> {
        self.inner().scan(collection, format, after, limit)
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        Intercept::commit(self, write)
    }

    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>> {
        Intercept::outbox(self, after, limit)
    }

    fn scan_outbox<'a>(
        &'a self,
        collections: &'a [&'static str],
        found: EventReceiver<'a>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.inner().scan_outbox(collections, found)
    }

    fn outbox_changed(&self) -> BoxFuture<'_, ()> {
        Intercept::outbox_changed(self)
    }

    fn mark_published(&self, seqs: Vec<u64>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner().mark_published(seqs)
    }

    fn revision(&self, collection: &'static str) -> Option<u64> {
        self.inner().revision(collection)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner().check()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner().close()
    }
}
