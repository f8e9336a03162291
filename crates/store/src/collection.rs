//! Typed access to documents: reads by id and by unique key, and commits by compare-and-swap on the version.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Decision, Envelope, Event, Ids, SharedClock};
use parking_lot::Mutex;
use uuid::Uuid;

use crate::backend::{Backend, Change, IndexedRecord, RangeQuery, Record, Write};
use crate::commit_counters::CommitCounters;
use crate::unreadable::{Reports, parse};
use crate::{CommitError, Document, Schema, StoreError, UniqueKey, UnreadableDocument, UpdateError};

/// Each lost attempt means that another writer won, so this bounds waiting under contention, not progress.
const MAX_UPDATE_ATTEMPTS: u32 = 64;

/// A service's database. Cheap to clone: one count, since axum clones what handlers hold several times a request.
#[derive(Clone)]
pub struct Store(Arc<StoreInner>);

struct StoreInner {
    backend: Arc<dyn Backend>,
    clock: SharedClock,
    ids: Ids,
    commits: CommitCounters,
    reports: Reports,
    /// Whether this process has read a document of a newer release.
    has_met_newer: AtomicBool,
    /// The collection whose documents are upgraded now.
    upgrading: Mutex<Option<&'static str>>,
}

impl Store {
    /// A store over an adapter; `clock` and `ids` stamp the events.
    pub fn new(backend: Arc<dyn Backend>, clock: SharedClock, ids: Ids) -> Self {
        Self(Arc::new(StoreInner {
            backend,
            clock,
            ids,
            commits: CommitCounters::default(),
            reports: Reports::default(),
            has_met_newer: AtomicBool::new(false),
            upgrading: Mutex::default(),
        }))
    }

    /// The documents of one type.
    pub fn collection<D: Document>(&self) -> Collection<D> {
        self.0.backend.declare(Schema::of::<D>());
        self.0.commits.register(self.0.backend.database(), D::COLLECTION);
        Collection { store: self.clone(), documents: PhantomData }
    }

    /// The adapter: for the relay, for health checks and for closing.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.0.backend
    }

    pub(crate) fn reports(&self) -> &Reports {
        &self.0.reports
    }

    /// The collection whose documents of former formats are written again now, for readiness.
    pub fn upgrading(&self) -> Option<&'static str> {
        *self.0.upgrading.lock()
    }

    pub(crate) fn set_upgrading(&self, collection: Option<&'static str>) {
        *self.0.upgrading.lock() = collection;
    }

    fn envelope(&self, aggregate: Uuid, version: u64, event: Event) -> Result<String, StoreError> {
        let (id, time) = (self.0.ids.next(), self.0.clock.now());
        let envelope = Envelope::new(id, aggregate, version, time, event);
        to_json(&Envelope { trace: common::trace::current(), ..envelope })
    }
}

/// The documents of one type. Cheap to clone.
pub struct Collection<D> {
    store: Store,
    documents: PhantomData<fn() -> D>,
}

impl<D> Clone for Collection<D> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), documents: PhantomData }
    }
}

impl<D: Document> Collection<D> {
    /// The document of this id.
    ///
    /// # Errors
    /// The database failed, or this release cannot parse the document.
    pub async fn get(&self, id: impl Into<Uuid>) -> Result<Option<D>, StoreError> {
        let record = self.backend().get(D::COLLECTION, id.into()).await?;
        Ok(record.map(|record| self.parse(&record)).transpose()?)
    }

    /// As [`Self::get`], for a caller that can do without the document: an unreadable one counts as absent.
    ///
    /// # Errors
    /// The database failed.
    pub async fn get_if_readable(&self, id: impl Into<Uuid>) -> Result<Option<D>, StoreError> {
        match self.get(id).await {
            Err(StoreError::Unreadable(_)) => Ok(None),
            found => found,
        }
    }

    /// The document that holds this unique key.
    ///
    /// # Errors
    /// The database failed, or this release cannot parse the document.
    pub async fn get_by_unique_key(&self, key: UniqueKey) -> Result<Option<D>, StoreError> {
        let declared = D::UNIQUE_KEYS.contains(&key.name);
        debug_assert!(declared, "{} declares no unique key `{}`", D::COLLECTION, key.name);
        let record = self.backend().get_by_unique_key(D::COLLECTION, key).await?;
        Ok(record.map(|record| self.parse(&record)).transpose()?)
    }

    /// Commits a decision: the next state, its keys and the events, in one atomic write.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] if the stored version is not the one that was decided on;
    /// [`CommitError::DuplicateKey`] if another document holds one of the unique keys.
    pub async fn commit(&self, decision: Decision<D>) -> Result<D, CommitError> {
        let expected = decision.next.version().saturating_sub(1);
        self.commit_over(expected, decision).await
    }

    /// As [`Self::commit`], for a decision that skips versions, as the recovery of a restored database does. `expected` is
    /// the version that was decided on; 0: the document is new.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn commit_over(&self, expected: u64, decision: Decision<D>) -> Result<D, CommitError> {
        let Decision { next, events } = decision;
        let (id, version) = (next.id(), next.version());
        debug_assert!(version > expected, "{} must not reuse a version", D::COLLECTION);
        let outbox = events
            .into_iter()
            .map(|event| self.store.envelope(id, version, event))
            .collect::<Result<_, _>>()?;
        let put = self.put(&next, expected).await?;
        self.write(id, expected, Change::Put(put), outbox).await?;
        Ok(next)
    }

    /// Removes a document that nothing refers to any more.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] if the stored version is another one.
    pub async fn remove(&self, document: &D) -> Result<(), CommitError> {
        self.write(document.id(), document.version(), Change::Remove, Vec::new()).await
    }

    async fn write(
        &self,
        id: Uuid,
        expected: u64,
        change: Change,
        outbox: Vec<String>,
    ) -> Result<(), CommitError> {
        let write = Write { collection: D::COLLECTION, id, expected, change, outbox };
        let result = self.backend().commit(write).await;
        self.store.0.commits.record(D::COLLECTION, &result);
        result
    }

    /// Bounded optimistic retry: reads, decides and commits by compare-and-swap on the version, and starts over when
    /// another writer was faster. `decide` receives `None` if the document does not exist, and returns `Ok(None)` if
    /// nothing is to change.
    ///
    /// Returns the latest document, `None` if it does not exist.
    ///
    /// # Errors
    /// The refusal of `decide`, or the reason why the commit failed.
    pub async fn update<E>(
        &self,
        id: impl Into<Uuid>,
        mut decide: impl FnMut(Option<&D>) -> Result<Option<Decision<D>>, E>,
    ) -> Result<Option<D>, UpdateError<E>> {
        let id = id.into();
        for _ in 0..MAX_UPDATE_ATTEMPTS {
            let current = self.get(id).await?;
            let Some(decision) = decide(current.as_ref()).map_err(UpdateError::Refused)? else {
                return Ok(current);
            };
            match self.commit(decision).await {
                Ok(next) => return Ok(Some(next)),
                Err(CommitError::Conflict) => {}
                Err(CommitError::DuplicateKey(name)) => return Err(UpdateError::DuplicateKey(name)),
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Err(StoreError::Unavailable("too many concurrent updates of one document".into()).into())
    }

    /// As [`Self::update`], for a decision that cannot be refused.
    ///
    /// # Errors
    /// [`CommitError::DuplicateKey`] or [`CommitError::Store`]; never [`CommitError::Conflict`].
    pub async fn apply(
        &self,
        id: impl Into<Uuid>,
        mut decide: impl FnMut(Option<&D>) -> Option<Decision<D>>,
    ) -> Result<Option<D>, CommitError> {
        Ok(self.update::<Infallible>(id, |current| Ok(decide(current))).await?)
    }

    /// As [`Self::apply`], starting from a document that was read or committed before, which saves a read if that is
    /// still the latest. A duplicate key or "no change" counts only for the latest document.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub async fn apply_from(
        &self,
        known: &D,
        mut decide: impl FnMut(Option<&D>) -> Option<Decision<D>>,
    ) -> Result<Option<D>, CommitError> {
        if let Some(decision) = decide(Some(known)) {
            match self.commit(decision).await {
                Ok(next) => return Ok(Some(next)),
                // The latest document may not need the unique key that the outdated one asked for.
                Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.apply(known.id(), decide).await
    }

    /// A number that grows with every commit to this collection: see [`Backend::revision`].
    pub fn revision(&self) -> Option<u64> {
        self.backend().revision(D::COLLECTION)
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.store.0.backend
    }

    pub(crate) fn has_met_newer(&self) -> &AtomicBool {
        &self.store.0.has_met_newer
    }

    fn parse(&self, record: &Record) -> Result<D, UnreadableDocument> {
        if record.format > D::FORMAT {
            self.has_met_newer().store(true, Ordering::Relaxed);
        }
        parse(record).inspect_err(|error| self.store.reports().unreadable(error))
    }

    /// The document of a row; `None` if it is unreadable, which is reported once.
    pub(crate) fn parse_row(&self, (cursor, record): &IndexedRecord) -> Option<D> {
        match record {
            Ok(record) => self.parse(record).ok(),
            Err(error) => {
                let id = RangeQuery::id_of(cursor);
                self.store.reports().unreadable(&UnreadableDocument::damaged(D::COLLECTION, id, error));
                None
            }
        }
    }
}

fn to_json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable(error.into()))
}
