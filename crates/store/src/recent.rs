//! Documents that this process has committed a moment ago, so that the next decision on one needs no read before its
//! commit. The commit's compare-and-swap finds out that one is outdated.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use common::{Backoff, Time};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{Collection, Document, StoreError, UniqueKey};

/// The documents of one type in memory: those of the purchases in progress, at a kilobyte each.
const MAX_DOCUMENTS: usize = 1024;

/// Changes of a document outside of a commit, by an operator, are noticed after this time at the latest.
const RETENTION: Duration = Duration::from_mins(1);

/// Between two reads of a document that another process may store.
const READ_BACKOFF: Backoff = Backoff { first: Duration::from_millis(2), max: Duration::from_millis(32) };

/// The documents of one type.
pub(crate) struct Recent<D> {
    inserted: Notify,
    documents: Cache<Uuid, (Arc<D>, Time)>,
    unique_keys: Cache<UniqueKey, Uuid>,
}

impl<D: Document> Recent<D> {
    fn new() -> Self {
        let unique_keys = MAX_DOCUMENTS * D::UNIQUE_KEYS.len();
        Self {
            inserted: Notify::new(),
            documents: Cache::new(MAX_DOCUMENTS),
            unique_keys: Cache::new(unique_keys),
        }
    }

    /// Remembers a document as it was committed.
    pub(crate) fn insert(&self, document: D, unique_keys: Vec<UniqueKey>, now: Time) {
        let id = document.id();
        for key in unique_keys {
            self.unique_keys.insert(key, id);
        }
        self.documents.insert(id, (Arc::new(document), now));
        self.inserted.notify_waiters();
    }

    /// Resolves once a document of this id is remembered.
    async fn inserted(&self, id: Uuid) {
        loop {
            let mut inserted = pin!(self.inserted.notified());
            inserted.as_mut().enable();
            if self.documents.peek(&id).is_some() {
                return;
            }
            inserted.await;
        }
    }

    /// Forgets a document that is outdated, or whose commit has an unknown outcome.
    pub(crate) fn remove(&self, id: Uuid) {
        self.documents.remove(&id);
    }

    pub(crate) fn get(&self, id: Uuid, now: Time) -> Option<Arc<D>> {
        let (document, committed_at) = self.documents.get(&id)?;
        let is_recent = now - committed_at < RETENTION;
        if !is_recent {
            // Otherwise [`Self::inserted`] would find it.
            self.remove(id);
        }
        is_recent.then_some(document)
    }

    pub(crate) fn get_by_unique_key(&self, key: &UniqueKey, now: Time) -> Option<Arc<D>> {
        let document = self.get(self.unique_keys.get(key)?, now)?;
        // The document may have given up the key since.
        document.keys().unique.contains(key).then_some(document)
    }
}

/// The recent documents of all types of a store.
#[derive(Default)]
pub(crate) struct RecentDocuments(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl RecentDocuments {
    /// The recent documents of one type; `None` if this type is not remembered.
    pub(crate) fn of<D: Document>(&self) -> Option<Arc<Recent<D>>> {
        if !D::IS_REMEMBERED {
            return None;
        }
        let mut types = self.0.lock();
        let recent = types.entry(TypeId::of::<D>()).or_insert_with(|| Arc::new(Recent::<D>::new()));
        Arc::clone(recent).downcast().ok()
    }
}

impl<D: Document> Collection<D> {
    /// The document as soon as this process or another one has stored it; `None` after `timeout`. For a replica whose first
    /// event was published a moment ago.
    ///
    /// Waits in real time, not on the injected clock: the wait bridges the milliseconds of an event's delivery.
    ///
    /// # Errors
    /// As [`Collection::get`].
    #[expect(clippy::disallowed_methods, reason = "a wait in real time, see above")]
    pub async fn wait_for(&self, id: impl Into<Uuid>, timeout: Duration) -> Result<Option<D>, StoreError> {
        let (id, deadline) = (id.into(), tokio::time::Instant::now() + timeout);
        let mut found = self.get(id).await?;
        for reads in 1.. {
            if found.is_some() || tokio::time::Instant::now() >= deadline {
                break;
            }
            let inserted = async {
                match self.remembered() {
                    Some(recent) => recent.inserted(id).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = inserted => {}
                () = tokio::time::sleep(READ_BACKOFF.without_jitter(reads)) => {}
            }
            found = self.get_recent(id).await?;
        }
        Ok(found)
    }
}
