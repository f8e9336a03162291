//! The port that an adapter implements. It is object-safe: services never carry a type parameter for it.

use futures::future::BoxFuture;
use uuid::Uuid;

use crate::{Direction, Key, Schema, StoreError, UniqueKey};

/// A document as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: Uuid,
    /// Its revision.
    pub version: u64,
    /// Its state as JSON: equal to what was written, though spaces and the spelling of numbers may differ.
    pub body: String,
}

/// A document that a range found, behind its place ([`RangeQuery::cursor`]).
pub type IndexedRecord = (Vec<u8>, Record);

/// One atomic write.
#[derive(Debug, Clone)]
pub struct Write {
    /// The collection.
    pub collection: &'static str,
    /// The document.
    pub id: Uuid,
    /// The version that must be stored now; 0: no document of this id may exist.
    pub expected: u64,
    /// What becomes of the document.
    pub change: Change,
    /// Events, each as the JSON of its envelope, that enter the outbox with the change, in this order.
    pub outbox: Vec<String>,
}

/// What becomes of a document.
#[derive(Debug, Clone)]
pub enum Change {
    /// It gets this state. Keys and claims replace the former ones.
    Put(Put),
    /// It goes, with its keys and claims.
    Remove,
}

/// A document's next state.
#[derive(Debug, Clone)]
pub struct Put {
    /// The new version, `expected + 1`.
    pub version: u64,
    /// The state as JSON.
    pub body: String,
    /// All its ordered keys.
    pub keys: Vec<Key>,
    /// All its claims.
    pub claims: Vec<UniqueKey>,
}

/// Why a write did not happen. Nothing of it was written.
#[derive(Debug)]
pub enum WriteError {
    /// The stored version is not the expected one.
    Conflict,
    /// Another document of the collection holds this claim.
    DuplicateKey(&'static str),
    /// The database failed. Whether the write happened may be unknown after a timeout; the caller reads again.
    Store(StoreError),
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A part of an index, in order.
#[derive(Debug, Clone)]
pub struct RangeQuery {
    /// The collection.
    pub collection: &'static str,
    /// The index.
    pub index: &'static str,
    /// The least encoded key, inclusive.
    pub from: Vec<u8>,
    /// The least encoded key that is too great; `None`: no bound.
    pub to: Option<Vec<u8>>,
    /// Continue behind this place, as [`RangeQuery::cursor`] gave it.
    pub after: Option<Vec<u8>>,
    /// Which way.
    pub direction: Direction,
    /// At most so many.
    pub limit: usize,
}

impl RangeQuery {
    /// The place of a document in an index: its encoded key, then its id, which makes places unique.
    pub fn cursor(key: &[u8], id: Uuid) -> Vec<u8> {
        let mut place = Vec::with_capacity(key.len() + 16);
        place.extend_from_slice(key);
        place.extend_from_slice(id.as_bytes());
        place
    }
}

/// An event that waits in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Where it stands, as this process counts; entries of one aggregate have growing numbers.
    pub seq: u64,
    /// The envelope as JSON.
    pub event: String,
}

/// A database. Every method may fail with [`StoreError::Unavailable`] and may then be called again.
pub trait Backend: Send + Sync + 'static {
    /// Tells what a collection has, before anything else is asked of it; telling it again is cheap. An adapter that
    /// keeps any index without being told needs nothing of this.
    fn declare(&self, _schema: Schema) {}

    /// The document of this id.
    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>>;

    /// The document that holds this claim.
    fn get_by_unique_key(
        &self,
        collection: &'static str,
        claim: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>>;

    /// Documents of an index in order of their keys, then of their ids.
    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>>;

    /// Writes atomically and durably: when this returns `Ok`, the write survives the death of the process and of
    /// the machine.
    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), WriteError>>;

    /// At most `limit` outbox entries with `seq` greater than `after`, in order of `seq`. Asked from the start
    /// (`after` is 0), it also looks for what other processes left behind, if there can be any.
    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>>;

    /// Resolves when an entry may have entered the outbox since the last call returned. It may resolve in vain.
    fn outbox_changed(&self) -> BoxFuture<'_, ()>;

    /// Takes entries that the bus has acknowledged out of the outbox. It need not be durable at once: an entry that
    /// comes back is published again, and consumers are idempotent.
    fn mark_published(&self, seqs: Vec<u64>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// A number that grows with every commit to the collection, if this process is the only writer and therefore
    /// knows; readers may cache what they computed while it stands still.
    fn revision(&self, collection: &'static str) -> Option<u64>;

    /// Whether the database answers: for readiness.
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Finishes what was accepted and closes the database.
    fn close(&self) -> BoxFuture<'_, ()>;
}
