//! The typed side of the store, as services see it.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::Arc;

use common::{Decision, Envelope, Event, EventId, Ids, SharedClock};
use uuid::Uuid;

use crate::backend::{Backend, Change, IndexedRecord, Put, RangeQuery, Record, Write, WriteError};
use crate::key::{Direction, Part, UniqueKey, encode};
use crate::{CommitError, Document, Schema, StoreError, UpdateError};

/// How often a read-modify-write is repeated when others change the same document at the same time. Each loss means
/// that somebody else won, so this bounds waiting under contention, not progress.
const MOST_ATTEMPTS: u32 = 64;

/// How many documents a search reads at once: enough that asking again costs little beside reading.
const LONGEST_CHUNK: usize = 512;

/// A service's database. Cheap to clone: one count, since axum clones what handlers hold several times a request.
#[derive(Clone)]
pub struct Store(Arc<Parts>);

struct Parts {
    backend: Arc<dyn Backend>,
    clock: SharedClock,
    ids: Ids,
}

impl Store {
    /// A store over an adapter; `clock` and `ids` stamp the events.
    pub fn new(backend: Arc<dyn Backend>, clock: SharedClock, ids: Ids) -> Self {
        Self(Arc::new(Parts { backend, clock, ids }))
    }

    /// The documents of one type.
    pub fn collection<D: Document>(&self) -> Collection<D> {
        self.0.backend.declare(Schema::of::<D>());
        Collection { store: self.clone(), documents: PhantomData }
    }

    /// The adapter: for the relay, for health checks and for closing.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.0.backend
    }

    fn envelope(&self, aggregate: Uuid, version: u64, event: Event) -> Result<String, StoreError> {
        let envelope = Envelope {
            id: self.0.ids.next::<EventId>(),
            schema: event.subject().schema(),
            aggregate,
            version,
            time: self.0.clock.now(),
            trace: common::trace::current(),
            event,
        };
        to_json(&envelope)
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

/// A part of an index, in order.
#[derive(Debug, Clone)]
pub struct Range {
    index: &'static str,
    from: Vec<u8>,
    to: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
    direction: Direction,
    limit: usize,
}

impl Range {
    /// All documents whose key in `index` begins with `prefix`, least first, at most 100 of them.
    pub fn of<const N: usize>(index: &'static str, prefix: [Part; N]) -> Self {
        let from = encode(prefix);
        let to = successor(&from);
        Self { index, from, to, after: None, direction: Direction::Ascending, limit: 100 }
    }

    /// Only those whose key is at least `parts` (the prefix and what follows it).
    #[must_use]
    pub fn at_least<const N: usize>(mut self, parts: [Part; N]) -> Self {
        self.from = encode(parts);
        self
    }

    /// Only those whose key begins with `parts` (the prefix and what follows it), or comes before.
    #[must_use]
    pub fn at_most<const N: usize>(mut self, parts: [Part; N]) -> Self {
        self.to = successor(&encode(parts));
        self
    }

    /// Greatest first.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.direction = Direction::Descending;
        self
    }

    /// Continues behind a place that [`Page::next`] gave.
    #[must_use]
    pub fn after(mut self, place: Option<Vec<u8>>) -> Self {
        self.after = place;
        self
    }

    /// At most so many.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

/// The least byte string that is greater than all that begin with `prefix`.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

/// Some documents, and where the rest begins.
#[derive(Debug, Clone)]
pub struct Page<D> {
    /// The documents.
    pub items: Vec<D>,
    /// For [`Range::after`]; `None`: these were the last.
    pub next: Option<Vec<u8>>,
}

impl<D: Document> Collection<D> {
    /// The document of this id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn get(&self, id: impl Into<Uuid>) -> Result<Option<D>, StoreError> {
        self.store.0.backend.get(D::COLLECTION, id.into()).await?.as_ref().map(parse).transpose()
    }

    /// The document that holds this claim.
    ///
    /// # Errors
    /// The database failed.
    pub async fn get_by_unique_key(&self, claim: UniqueKey) -> Result<Option<D>, StoreError> {
        debug_assert!(
            D::UNIQUE_KEYS.contains(&claim.name),
            "{} declares no claim `{}`",
            D::COLLECTION,
            claim.name
        );
        self.store.0.backend.get_by_unique_key(D::COLLECTION, claim).await?.as_ref().map(parse).transpose()
    }

    /// A page of an index.
    ///
    /// # Errors
    /// The database failed.
    pub async fn page(&self, range: Range) -> Result<Page<D>, StoreError> {
        let (rows, more) = self.rows(range).await?;
        let next = if more { rows.last().map(|(place, _)| place.clone()) } else { None };
        let items = rows.iter().map(|(_, record)| parse(record)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// A page of those documents of an index that `fits` takes. At most `most` are looked at: where few fit, the page
    /// may be short, or even empty, while [`Page::next`] leads on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn search(
        &self,
        range: Range,
        most: usize,
        fits: impl Fn(&D) -> bool,
    ) -> Result<Page<D>, StoreError> {
        let (mut items, mut next, mut after) = (Vec::new(), None, range.after.clone());
        let (mut left, mut chunk) = (most.max(1), range.limit.saturating_add(1));
        while left > 0 {
            chunk = chunk.min(left);
            let (rows, more) = self.rows(range.clone().after(after.clone()).limit(chunk)).await?;
            for (place, record) in rows {
                let document = parse(&record)?;
                after = Some(place);
                if !fits(&document) {
                    continue;
                }
                if items.len() == range.limit {
                    return Ok(Page { items, next });
                }
                items.push(document);
                next.clone_from(&after);
            }
            if !more {
                return Ok(Page { items, next: None });
            }
            left -= chunk;
            chunk = chunk.saturating_mul(2).min(LONGEST_CHUNK);
        }
        // The page is full, and whether another one fits was not found out; or it is short. Either way it goes on
        // behind what was looked at.
        Ok(Page { items, next: after })
    }

    /// Some documents as they are stored, behind their places, and whether there are more.
    async fn rows(&self, range: Range) -> Result<(Vec<IndexedRecord>, bool), StoreError> {
        let declared = Schema::of::<D>().index(range.index).is_some();
        debug_assert!(declared, "{} declares no index `{}`", D::COLLECTION, range.index);
        let query = RangeQuery {
            collection: D::COLLECTION,
            index: range.index,
            from: range.from,
            to: range.to,
            after: range.after,
            direction: range.direction,
            // One more tells whether there is a next page.
            limit: range.limit.saturating_add(1),
        };
        let mut rows = self.store.0.backend.range(query).await?;
        let more = rows.len() > range.limit;
        rows.truncate(range.limit);
        Ok((rows, more))
    }

    /// Commits a decision: the next state, its keys and claims, and the events, in one atomic write.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] if the document is not at the version that was decided on; [`CommitError::DuplicateKey`]
    /// if another document holds one of the claims.
    pub async fn commit(&self, decision: Decision<D>) -> Result<D, CommitError> {
        let Decision { next, events } = decision;
        let (id, version, keys) = (next.id(), next.version(), next.keys());
        let violation = Schema::of::<D>().violation(&keys);
        debug_assert_eq!(violation, None, "{} does not declare this use of it", D::COLLECTION);
        let outbox = events
            .into_iter()
            .map(|event| self.store.envelope(id, version, event))
            .collect::<Result<_, _>>()?;
        let put = Put { version, body: to_json(&next)?, keys: keys.ordered, claims: keys.claims };
        self.write(id, version.saturating_sub(1), Change::Put(put), outbox).await?;
        Ok(next)
    }

    /// Removes a document that nothing refers to any more.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] if it has changed meanwhile.
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
        self.store.0.backend.commit(write).await.map_err(|error| match error {
            WriteError::Conflict => CommitError::Conflict,
            WriteError::DuplicateKey(claim) => CommitError::DuplicateKey(claim),
            WriteError::Store(error) => CommitError::Store(error),
        })
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
        for _ in 0..MOST_ATTEMPTS {
            let current = self.get(id).await?;
            let Some(decision) = decide(current.as_ref()).map_err(UpdateError::Refused)? else {
                return Ok(current);
            };
            match self.commit(decision).await {
                Ok(next) => return Ok(Some(next)),
                Err(CommitError::Conflict) => {}
                Err(CommitError::DuplicateKey(claim)) => return Err(UpdateError::DuplicateKey(claim)),
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Err(StoreError::Unavailable("too many changes of one document at once".into()).into())
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

    /// As [`Self::update`], starting from a document that was read or committed before, which saves a read if that is
    /// still the latest. A refusal, a duplicate key or "no change" counts only for the latest document.
    ///
    /// # Errors
    /// As [`Self::update`].
    pub async fn update_from<E>(
        &self,
        known: &D,
        mut decide: impl FnMut(Option<&D>) -> Result<Option<Decision<D>>, E>,
    ) -> Result<Option<D>, UpdateError<E>> {
        if let Ok(Some(decision)) = decide(Some(known)) {
            match self.commit(decision).await {
                Ok(next) => return Ok(Some(next)),
                // Another may hold a claim only in the outdated document's eyes.
                Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => {}
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        self.update(known.id(), decide).await
    }

    /// As [`Self::update_from`], for a decision that cannot be refused.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub async fn apply_from(
        &self,
        known: &D,
        mut decide: impl FnMut(Option<&D>) -> Option<Decision<D>>,
    ) -> Result<Option<D>, CommitError> {
        Ok(self.update_from::<Infallible>(known, |current| Ok(decide(current))).await?)
    }

    /// A number that grows with every commit to this collection, if the adapter knows it: see
    /// [`Backend::revision`].
    pub fn revision(&self) -> Option<u64> {
        self.store.0.backend.revision(D::COLLECTION)
    }
}

fn parse<D: Document>(record: &Record) -> Result<D, StoreError> {
    serde_json::from_str(&record.body).map_err(|error| StoreError::Unreadable(error.into()))
}

fn to_json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable(error.into()))
}
