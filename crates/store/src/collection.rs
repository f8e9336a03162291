//! Typed access to documents: reads by id and by unique key, and commits by compare-and-swap on the version.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Decision, Envelope, Event, Ids, SharedClock};
use parking_lot::Mutex;
use uuid::Uuid;

use crate::backend::{Backend, Change, IndexedRecord, RangeQuery, Record, Revision, Write};
use crate::commit_counters::CommitCounters;
use crate::recent::{Recent, RecentDocuments};
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
    recent: RecentDocuments,
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
            recent: RecentDocuments::default(),
        }))
    }

    /// The documents of one type.
    pub fn collection<D: Document>(&self) -> Collection<D> {
        self.0.backend.declare(Schema::of::<D>());
        self.0.commits.register(self.0.backend.database(), D::COLLECTION);
        Collection { store: self.clone(), recent: self.0.recent.of() }
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
    /// The documents that this process has committed a moment ago, if they are remembered.
    recent: Option<Arc<Recent<D>>>,
}

impl<D> Clone for Collection<D> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), recent: self.recent.clone() }
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

    /// The document as this process has committed it a moment ago, or else as it is stored now.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_recent(&self, id: impl Into<Uuid>) -> Result<Option<D>, StoreError> {
        let id = id.into();
        match self.recent(id) {
            Some(recent) => Ok(Some(D::clone(&recent))),
            None => self.get(id).await,
        }
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

    /// The document that held this unique key a moment ago, as this process has committed it, or else as it is stored now:
    /// to decide on it with [`Self::apply_from`].
    ///
    /// # Errors
    /// As [`Self::get_by_unique_key`].
    pub async fn get_recent_by_unique_key(&self, key: UniqueKey) -> Result<Option<D>, StoreError> {
        let now = self.store.0.clock.now();
        match self.recent.as_ref().and_then(|recent| recent.get_by_unique_key(&key, now)) {
            Some(recent) => Ok(Some(D::clone(&recent))),
            None => self.get_by_unique_key(key).await,
        }
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
        let unique_keys = if self.recent.is_some() { put.unique_keys.clone() } else { Vec::new() };
        let written = self.write(id, expected, Change::Put(put), outbox).await;
        if let Some(recent) = &self.recent {
            match &written {
                Ok(()) => recent.insert(next.clone(), unique_keys, self.store.0.clock.now()),
                Err(_) => recent.remove(id),
            }
        }
        written.map(|()| next)
    }

    /// Removes a document that nothing refers to any more.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] if the stored version is another one.
    pub async fn remove(&self, document: &D) -> Result<(), CommitError> {
        let removed = self.write(document.id(), document.version(), Change::Remove, Vec::new()).await;
        if let Some(recent) = &self.recent {
            recent.remove(document.id());
        }
        removed
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

    pub(crate) fn remembered(&self) -> Option<&Recent<D>> {
        self.recent.as_deref()
    }

    /// The document as this process has committed it a moment ago.
    fn recent(&self, id: Uuid) -> Option<Arc<D>> {
        self.recent.as_ref()?.get(id, self.store.0.clock.now())
    }

    /// Bounded optimistic retry: reads, decides and commits by compare-and-swap on the version, and starts over when
    /// another writer was faster. `decide` receives `None` if the document does not exist, and returns `Ok(None)` if
    /// nothing is to change.
    ///
    /// The first attempt may start from a document that this process has committed a moment ago, which saves the read. A
    /// refusal, a duplicate key or "no change" counts only for the latest document.
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
        if let Some(recent) = self.recent(id)
            && let Some(next) = self.try_commit(decide(Some(&recent)).ok().flatten()).await?
        {
            return Ok(Some(next));
        }
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

    /// Commits a decision on a document that may be outdated. Returns `None` if the latest document must decide: it may not
    /// need the unique key that the outdated one asked for.
    async fn try_commit(&self, decision: Option<Decision<D>>) -> Result<Option<D>, StoreError> {
        let Some(decision) = decision else { return Ok(None) };
        match self.commit(decision).await {
            Ok(next) => Ok(Some(next)),
            Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => Ok(None),
            Err(CommitError::Store(error)) => Err(error),
        }
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

    /// As [`Self::apply_newer`], for a document that most likely does not exist: tries to create it before any read.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub async fn create_or_apply(
        &self,
        id: impl Into<Uuid>,
        mut decide: impl FnMut(Option<&D>) -> Option<Decision<D>>,
    ) -> Result<Option<D>, CommitError> {
        let id = id.into();
        if self.recent(id).is_none()
            && let Some(created) = self.try_commit(decide(None)).await?
        {
            return Ok(Some(created));
        }
        self.apply_newer(id, decide).await
    }

    /// As [`Self::apply`], for a decision that takes over newer states: "no change" for an outdated document is "no change" for
    /// the latest one, too, so it costs no read. Returns the latest document, or in that case a recent one.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub async fn apply_newer(
        &self,
        id: impl Into<Uuid>,
        mut decide: impl FnMut(Option<&D>) -> Option<Decision<D>>,
    ) -> Result<Option<D>, CommitError> {
        let id = id.into();
        match self.recent(id) {
            Some(recent) if decide(Some(&recent)).is_none() => Ok(Some(D::clone(&recent))),
            _ => self.apply(id, decide).await,
        }
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
        if let Some(next) = self.try_commit(decide(Some(known))).await? {
            return Ok(Some(next));
        }
        self.apply(known.id(), decide).await
    }

    /// The commits to this collection so far, as far as this process knows.
    pub fn revision(&self) -> Revision {
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
