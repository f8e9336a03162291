//! A database as if it were on another machine: other tasks run during each call, and some documents are unreadable for a
//! while. The version check may be disabled.

use std::sync::Arc;

use e2e::Rng;
use futures::FutureExt;
use futures::future::BoxFuture;
use store::{
    Backend, CommitError, IndexedRecord, Intercept, RangeQuery, Record, StoreError, UniqueKey, Write,
};
use uuid::Uuid;

use crate::unreadable::Unreadable;

/// Yields of a call, below this number.
const MAX_YIELDS: u32 = 6;

pub(crate) struct RemoteDatabase {
    pub(crate) database: Arc<dyn Backend>,
    pub(crate) rng: Rng,
    pub(crate) unreadable: Unreadable,
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

impl Intercept for RemoteDatabase {
    fn inner(&self) -> &dyn Backend {
        &*self.database
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        async move {
            let found = self.database.get(collection, id).await?;
            self.transit().await;
            Ok(found.map(|record| self.unreadable.read(collection, record)))
        }
        .boxed()
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        claim: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        async move {
            let found = self.database.get_by_unique_key(collection, claim).await?;
            self.transit().await;
            Ok(found.map(|record| self.unreadable.read(collection, record)))
        }
        .boxed()
    }

    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        let collection = query.collection;
        async move {
            let mut found = self.database.range(query).await?;
            for (_, record) in &mut found {
                let Ok(record) = record else { continue };
                *record = self.unreadable.read(collection, record.clone());
            }
            Ok(found)
        }
        .boxed()
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        async move {
            self.transit().await;
            if self.checks_versions { self.database.commit(write).await } else { self.overwrite(write).await }
        }
        .boxed()
    }
}
