//! A builder of writes, and reads with expectations, for all cases.

use std::sync::Arc;

use uuid::Uuid;

use crate::key::{Part, encode};
use crate::{
    Backend, Change, CommitError, Direction, Format, Index, Key, OutboxEntry, Put, RangeQuery, Record,
    Schema, UniqueKey, Write,
};

pub(super) const NOTES: &str = "notes";
pub(super) const LETTERS: &str = "letters";
pub(super) const RANK: &str = "rank";
/// The same as [`RANK`], in an index that allows several entries.
pub(super) const RANKS: &str = "ranks";

/// The indexes that the cases use, in either collection.
pub(super) const INDEXES: &[Index] = &[
    Index::one(RANK),
    Index::many(RANKS),
    Index::one("shelf"),
    Index::many("shelves"),
    Index::one("a"),
    Index::one("ab"),
    Index::one("b"),
];
pub(super) const UNIQUE_KEYS: &[&str] = &["name", "nick", "owner", "seat", "ticket"];

/// The declarations of the cases.
pub(super) fn schemas() -> [Schema; 2] {
    [NOTES, LETTERS].map(|collection| Schema {
        collection,
        format: 3,
        indexes: INDEXES,
        unique_keys: UNIQUE_KEYS,
    })
}

/// The id of this number; ids sort as their numbers.
pub(super) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A write under construction.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    write: Write,
    put: Put,
}

impl Draft {
    /// The first version of a note.
    pub(super) fn new(number: u128) -> Self {
        let (collection, id) = (NOTES, id(number));
        let write = Write { collection, id, expected: 0, change: Change::Remove, outbox: Vec::new() };
        Self { write, put: Put::new(1, "{}") }
    }

    /// An update of this version.
    pub(super) fn over(mut self, expected: u64) -> Self {
        self.write.expected = expected;
        self.put.version = expected + 1;
        self
    }

    pub(super) fn in_collection(mut self, collection: &'static str) -> Self {
        self.write.collection = collection;
        self
    }

    pub(super) fn body(mut self, body: impl Into<String>) -> Self {
        self.put.body = body.into();
        self
    }

    pub(super) fn format(mut self, format: Format) -> Self {
        self.put.format = format;
        self
    }

    pub(super) fn key<const N: usize>(mut self, index: &'static str, parts: [Part; N]) -> Self {
        self.put.keys.push(Key { index, bytes: encode(parts) });
        self
    }

    pub(super) fn rank(self, rank: i64) -> Self {
        self.key(RANK, [rank.into()]).key(RANKS, [rank.into()])
    }

    pub(super) fn unique(mut self, name: &'static str, value: &str) -> Self {
        self.put.unique_keys.push(UniqueKey::new(name, value));
        self
    }

    /// `event` must be JSON.
    pub(super) fn event(mut self, event: impl Into<String>) -> Self {
        self.write.outbox.push(event.into());
        self
    }

    /// The write that puts the document.
    pub(super) fn put(self) -> Write {
        Write { change: Change::Put(self.put), ..self.write }
    }

    /// The write that removes the document.
    pub(super) fn remove(self) -> Write {
        self.write
    }

    /// Puts the document and expects success.
    pub(super) async fn commit(self, backend: &Arc<dyn Backend>) {
        backend.commit(self.put()).await.expect("the write is accepted");
    }
}

/// Commits and expects a conflict.
pub(super) async fn conflicts(backend: &Arc<dyn Backend>, write: Write) {
    let outcome = backend.commit(write).await;
    assert!(matches!(outcome, Err(CommitError::Conflict)), "a conflict, not {outcome:?}");
}

/// Commits and expects a duplicate of this unique key.
pub(super) async fn is_taken(backend: &Arc<dyn Backend>, write: Write, name: &str) {
    let outcome = backend.commit(write).await;
    assert!(
        matches!(outcome, Err(CommitError::DuplicateKey(taken)) if taken == name),
        "`{name}` is taken, not {outcome:?}"
    );
}

/// The note of this number.
pub(super) async fn get(backend: &Arc<dyn Backend>, number: u128) -> Option<Record> {
    backend.get(NOTES, id(number)).await.expect("the database reads")
}

/// The holder of a unique key among the notes.
pub(super) async fn holder(backend: &Arc<dyn Backend>, name: &'static str, value: &str) -> Option<Uuid> {
    let holder =
        backend.get_by_unique_key(NOTES, UniqueKey::new(name, value)).await.expect("the database reads");
    holder.map(|record| record.id)
}

/// A whole index of the notes, ascending.
pub(super) fn whole(index: &'static str) -> RangeQuery {
    let direction = Direction::Ascending;
    RangeQuery { collection: NOTES, index, from: Vec::new(), to: None, after: None, direction, limit: 1000 }
}

/// The rows of a range.
pub(super) async fn rows(backend: &Arc<dyn Backend>, query: RangeQuery) -> Vec<(Vec<u8>, Record)> {
    let rows = backend.range(query).await.expect("the database reads");
    rows.into_iter().map(|(cursor, record)| (cursor, record.expect("an intact row"))).collect()
}

/// The numbers of the notes of a range.
pub(super) async fn numbers(backend: &Arc<dyn Backend>, query: RangeQuery) -> Vec<u128> {
    rows(backend, query).await.iter().map(|(_, record)| record.id.as_u128()).collect()
}

/// All entries of the outbox.
pub(super) async fn outbox(backend: &Arc<dyn Backend>) -> Vec<OutboxEntry> {
    backend.outbox(0, 10_000).await.expect("the outbox reads")
}

/// All events of the outbox.
pub(super) async fn events(backend: &Arc<dyn Backend>) -> Vec<String> {
    outbox(backend).await.into_iter().map(|entry| entry.event).collect()
}
