//! A database without some of what was written: outbox rows that an operator deleted, or the index of overdue documents.

use std::collections::HashSet;
use std::sync::Arc;

use common::Envelope;
use common::event::Subject;
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use parking_lot::Mutex;
use store::{
    Backend, CommitError, IndexedRecord, OutboxEntry, RangeQuery, Record, ScannedRecord, Schema, StoreError,
    UniqueKey, Write,
};
use uuid::Uuid;

pub(super) struct LossyStore {
    pub(super) database: Arc<dyn Backend>,
    /// Whether workers find no overdue document.
    pub(super) hides_overdue: bool,
    /// The subjects whose next row of the outbox is deleted.
    pub(super) deletes: Arc<Mutex<HashSet<Subject>>>,
}

impl LossyStore {
    fn is_deleted(&self, event: &str) -> bool {
        let event: Envelope = serde_json::from_str(event).expect("an event");
        self.deletes.lock().remove(&event.subject())
    }
}

impl Backend for LossyStore {
    fn declare(&self, schema: Schema) {
        self.database.declare(schema);
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.database.get(collection, id)
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        key: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.database.get_by_unique_key(collection, key)
    }

    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        if self.hides_overdue && query.index == "overdue" {
            return ready(Ok(Vec::new())).boxed();
        }
        self.database.range(query)
    }

    fn scan(
        &self,
        collection: &'static str,
        after: Option<Uuid>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ScannedRecord>, StoreError>> {
        self.database.scan(collection, after, limit)
    }

    fn commit(&self, mut write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        write.outbox.retain(|event| !self.is_deleted(event));
        self.database.commit(write)
    }

    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>> {
        self.database.outbox(after, limit)
    }

    fn outbox_changed(&self) -> BoxFuture<'_, ()> {
        self.database.outbox_changed()
    }

    fn mark_published(&self, seqs: Vec<u64>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.database.mark_published(seqs)
    }

    fn revision(&self, collection: &'static str) -> Option<u64> {
        self.database.revision(collection)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.database.check()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.database.close()
    }
}
