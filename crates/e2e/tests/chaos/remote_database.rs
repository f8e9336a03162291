//! A database as if it were on another machine: other tasks run during each call. The version check may be disabled.

use std::sync::Arc;

use e2e::Rng;
use futures::FutureExt;
use futures::future::BoxFuture;
use store::{
    Backend, CommitError, IndexedRecord, OutboxEntry, RangeQuery, Record, ScannedRecord, Schema, StoreError,
    UniqueKey, Write,
};
use uuid::Uuid;

/// Yields of a call, below this number.
const MAX_YIELDS: u32 = 6;

pub(crate) struct RemoteDatabase {
    pub(crate) database: Arc<dyn Backend>,
    pub(crate) rng: Rng,
    pub(crate) checks_versions: bool,
}

impl RemoteDatabase {
    async fn transit(&self) {
        for _ in 0..self.rng.below(MAX_YIELDS) {
            tokio::task::yield_now().await;
        }
    }

    /// Writes regardless of the version: the last write wins.
    async fn overwrite(&self, mut write: Write) -> Result<(), CommitError> {
        loop {
            match self.database.commit(write.clone()).await {
                Err(CommitError::Conflict) if write.expected > 0 => {
                    let present = self.database.get(write.collection, write.id).await?;
                    write.expected = present.ok_or(CommitError::Conflict)?.version;
                }
                written => return written,
            }
        }
    }
}

impl Backend for RemoteDatabase {
    fn declare(&self, schema: Schema) {
        self.database.declare(schema);
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        async move {
            let found = self.database.get(collection, id).await;
            self.transit().await;
            found
        }
        .boxed()
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        claim: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        async move {
            let found = self.database.get_by_unique_key(collection, claim).await;
            self.transit().await;
            found
        }
        .boxed()
    }

    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        self.database.range(query)
    }

    fn scan(
        &self,
        collection: &'static str,
        format: Option<u32>,
        after: Option<Uuid>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ScannedRecord>, StoreError>> {
        self.database.scan(collection, format, after, limit)
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        async move {
            self.transit().await;
            if self.checks_versions { self.database.commit(write).await } else { self.overwrite(write).await }
        }
        .boxed()
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
