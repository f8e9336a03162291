//! The port that an adapter implements. It is object-safe: services never carry a type parameter for it.

use futures::future::BoxFuture;
use uuid::Uuid;

use crate::{CommitError, Direction, Key, Schema, StoreError, UniqueKey};

/// A document as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The id.
    pub id: Uuid,
    /// The version.
    pub version: u64,
    /// The newest format that a release has written the document in ([`Format::newest`]).
    pub format: u32,
    /// The state as JSON: equal to what was written, though spaces and the spelling of numbers may differ.
    pub body: String,
}

/// The formats of a stored document. They differ if an older release has written the document since a newer one: the
/// fields of the newer release are still there, its keys are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// The format of the release that wrote the document last. The keys are those of this release.
    pub written: u32,
    /// The newest format that the document was ever written in.
    pub newest: u32,
}

impl Format {
    /// The format of documents that were stored before formats were recorded.
    pub const FIRST: Self = Self::of(1);

    /// A document that no newer release has written.
    pub const fn of(format: u32) -> Self {
        Self { written: format, newest: format }
    }
}

/// A document that a range query found, behind its cursor ([`RangeQuery::cursor`]); the error of this document alone if
/// its row is damaged.
pub type IndexedRecord = (Vec<u8>, Result<Record, StoreError>);

/// A document that a scan found, behind its id; the error of this document alone if its row is damaged.
pub type ScannedRecord = (Uuid, Result<Record, StoreError>);

/// A number that grows with commits to a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revision {
    /// With every commit, since this process is the only writer: what was read at a revision is current as long as the
    /// revision is the same.
    OfAll(u64),
    /// With the commits of this process only; others write, too.
    OfThisProcess(u64),
}

impl Revision {
    /// Whether this process is the only writer.
    pub fn is_of_all(self) -> bool {
        matches!(self, Self::OfAll(_))
    }
}

/// One atomic write.
#[derive(Debug, Clone)]
pub struct Write {
    /// The collection.
    pub collection: &'static str,
    /// The document.
    pub id: Uuid,
    /// The version that must be stored now; 0: no document of this id may exist.
    pub expected: u64,
    /// The change of the document.
    pub change: Change,
    /// Events, each as the JSON of its envelope, that enter the outbox with the change, in this order.
    pub outbox: Vec<String>,
}

/// A change of a document.
#[derive(Debug, Clone)]
pub enum Change {
    /// Replaces the state and all keys.
    Put(Put),
    /// Removes the document and all its keys.
    Remove,
}

/// The next state of a document.
#[derive(Debug, Clone)]
pub struct Put {
    /// The new version: `expected + 1`, or more if a restored database is recovered; `expected` if the state means the same,
    /// written in another format.
    pub version: u64,
    /// The formats.
    pub format: Format,
    /// The state as JSON.
    pub body: String,
    /// All ordered keys.
    pub keys: Vec<Key>,
    /// All unique keys.
    pub unique_keys: Vec<UniqueKey>,
}

impl Put {
    /// A state of the first format, without keys.
    pub fn new(version: u64, body: impl Into<String>) -> Self {
        let (keys, unique_keys) = (Vec::new(), Vec::new());
        Self { version, format: Format::FIRST, body: body.into(), keys, unique_keys }
    }
}

/// A query of a part of an index, in order.
#[derive(Debug, Clone)]
pub struct RangeQuery {
    /// The collection.
    pub collection: &'static str,
    /// The index.
    pub index: &'static str,
    /// The lower bound of encoded keys, inclusive.
    pub from: Vec<u8>,
    /// The upper bound of encoded keys, exclusive; `None`: no bound.
    pub to: Option<Vec<u8>>,
    /// Continue behind this cursor ([`RangeQuery::cursor`]).
    pub after: Option<Vec<u8>>,
    /// The order.
    pub direction: Direction,
    /// The maximum number of documents.
    pub limit: usize,
}

impl RangeQuery {
    /// The position of a document in an index: its encoded key, then its id, which makes cursors unique.
    pub fn cursor(key: &[u8], id: Uuid) -> Vec<u8> {
        let mut cursor = Vec::with_capacity(key.len() + 16);
        cursor.extend_from_slice(key);
        cursor.extend_from_slice(id.as_bytes());
        cursor
    }

    /// The id of the document at this cursor, which a range query returned.
    pub(crate) fn id_of(cursor: &[u8]) -> Uuid {
        cursor.last_chunk::<16>().map_or(Uuid::nil(), |id| Uuid::from_bytes(*id))
    }
}

/// An event in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The position in the outbox, as this process counts. Entries of one aggregate have growing numbers, unless one was
    /// left behind by a crash or for want of memory.
    pub seq: u64,
    /// The envelope as JSON.
    pub event: String,
}

/// The receiver of a scan of the outbox: the document of an event, if the adapter knows it, and the event, which is empty if
/// it is damaged.
pub type EventReceiver<'a> = &'a mut (dyn FnMut(Option<Uuid>, &str) + Send);

/// The entries that the default [`Backend::scan_outbox`] reads at once.
const MAX_SCAN: usize = 512;

/// A database. Every method may fail with [`StoreError::Unavailable`] and may then be called again.
pub trait Backend: Send + Sync + 'static {
    /// The name of the database, for metrics.
    fn database(&self) -> &str;

    /// Declares a collection before its first use; idempotent. An adapter without need for declarations ignores them.
    fn declare(&self, _schema: Schema) {}

    /// The document of this id.
    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>>;

    /// The document that holds this unique key.
    fn get_by_unique_key(
        &self,
        collection: &'static str,
        key: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>>;

    /// Documents of an index in order of their keys, then of their ids.
    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>>;

    /// The number of documents in a part of an index with at most one entry a document, at most `limit`. Ignores `after` and
    /// `direction`.
    fn count(&self, query: RangeQuery) -> BoxFuture<'_, Result<usize, StoreError>>;

    /// The documents with ids greater than `after`, in order of their ids, at most `limit`; those that were last written
    /// in `format`, or all of them.
    fn scan(
        &self,
        collection: &'static str,
        format: Option<u32>,
        after: Option<Uuid>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ScannedRecord>, StoreError>>;

    /// Writes atomically and durably: after `Ok`, the write survives a crash of the process and of the machine. A put is
    /// refused as a conflict also if the stored format is newer than the put knows, so that no field is lost.
    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>>;

    /// At most `limit` outbox entries with `seq` greater than `after`, in order of `seq`. If `after` is 0, the adapter
    /// may also take over entries that other processes left behind.
    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>>;

    /// Passes every event in the outbox to `found`, those of other processes included, in these collections: for an
    /// operator's tool.
    fn scan_outbox<'a>(
        &'a self,
        _collections: &'a [&'static str],
        found: EventReceiver<'a>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut after = 0;
            loop {
                let entries = self.outbox(after, MAX_SCAN).await?;
                let Some(last) = entries.last() else { return Ok(()) };
                after = last.seq;
                for entry in &entries {
                    found(None, &entry.event);
                }
            }
        })
    }

    /// Resolves when an entry may have entered the outbox since the last call returned. Spurious wake-ups are allowed.
    fn outbox_changed(&self) -> BoxFuture<'_, ()>;

    /// Removes entries that the bus has acknowledged from the outbox; after `Ok`, no read finds them. The adapter may
    /// wait a moment for a commit or for other entries, to remove all with one write. After a crash an entry may
    /// reappear: it is published again, and consumers are idempotent.
    fn mark_published<'a>(&'a self, seqs: &'a [u64]) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The commits to the collection so far, as far as this process knows.
    fn revision(&self, collection: &'static str) -> Revision;

    /// A readiness check: `Ok` if the database answers.
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Finishes accepted commits and closes the database.
    fn close(&self) -> BoxFuture<'_, ()>;
}
