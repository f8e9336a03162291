//! A separate database for each test, dropped when the test ends.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use common::clock::SystemClock;
use common::{Ids, SharedClock, SystemEntropy};
use futures::FutureExt;
use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection, Database};
use store::mongodb::{MongoBackend, MongoOpenError};
use store::{Backend, Change, Index, Key, Put, Schema, UniqueKey, Write};
use uuid::Uuid;

pub(crate) const NOTES: &str = "notes";
const INDEXES: &[Index] = &[Index::one("rank"), Index::many("words")];

/// The address of the server.
pub(crate) fn address() -> String {
    std::env::var("TEST_MONGODB_URI")
        .unwrap_or_else(|_| panic!("set TEST_MONGODB_URI, or run `cargo xtask test`"))
}

pub(crate) fn clock() -> SharedClock {
    Arc::new(SystemClock)
}

pub(crate) fn ids() -> Ids {
    Ids::new(clock(), Arc::new(SystemEntropy))
}

/// A database on the server, as another program sees it.
pub(crate) struct TestDatabase {
    pub(crate) name: String,
    pub(crate) raw: Database,
}

/// Runs a test on a new database, and drops that after success and failure.
pub(crate) async fn on_a_database(test: impl AsyncFnOnce(&TestDatabase)) {
    let name = format!("test-{}", ids().next::<Uuid>().simple());
    let client = Client::with_uri_str(address()).await.expect("the address is valid");
    let database = TestDatabase { raw: client.database(&name), name };
    let outcome = AssertUnwindSafe(test(&database)).catch_unwind().await;
    database.raw.drop().await.expect("the database is dropped");
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

impl TestDatabase {
    /// Opens the database, as each replica of a service does.
    pub(crate) async fn open(&self) -> Result<Arc<MongoBackend>, MongoOpenError> {
        MongoBackend::open(&address(), &self.name, clock(), ids()).await
    }

    /// One replica, with the notes declared.
    pub(crate) async fn replica(&self) -> Arc<MongoBackend> {
        self.replica_by(clock()).await
    }

    /// One replica with this clock.
    pub(crate) async fn replica_by(&self, clock: SharedClock) -> Arc<MongoBackend> {
        let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
        let backend =
            MongoBackend::open(&address(), &self.name, clock, ids).await.expect("the database opens");
        backend.declare(Schema {
            collection: NOTES,
            format: 2,
            indexes: INDEXES,
            unique_keys: &["name", "nick"],
        });
        backend
    }

    /// The notes as an operator sees them.
    pub(crate) fn notes(&self) -> Collection<Document> {
        self.raw.collection(NOTES)
    }

    /// The number of events in the outboxes of the notes.
    pub(crate) async fn pending(&self) -> usize {
        let mut notes = self.notes().find(doc! {}).await.expect("the server answers");
        let mut pending = 0;
        while notes.advance().await.expect("the server answers") {
            let note = notes.deserialize_current().expect("a note is a document");
            pending += note.get_array("outbox").expect("a note has an outbox").len();
        }
        pending
    }
}

pub(crate) fn id(number: u32) -> Uuid {
    Uuid::from_u128(number.into())
}

/// The write of a note in this version, with the event `<number>.<version>`.
pub(crate) fn write(number: u32, version: u64) -> Write {
    let (change, outbox) = (Change::Put(Put::new(version, "{}")), vec![format!("\"{number}.{version}\"")]);
    Write { collection: NOTES, id: id(number), expected: version - 1, change, outbox }
}

/// The same without an event, with these keys.
pub(crate) fn put(number: u32, version: u64, keys: Vec<Key>, unique_keys: Vec<UniqueKey>) -> Write {
    let put = Put { keys, unique_keys, ..Put::new(version, "{}") };
    Write { change: Change::Put(put), outbox: Vec::new(), ..write(number, version) }
}

/// The removal of a note in this version.
pub(crate) fn removal(number: u32, version: u64, outbox: Vec<String>) -> Write {
    Write { expected: version, change: Change::Remove, outbox, ..write(number, 1) }
}

/// The events that the relay of a replica reads from the start.
pub(crate) async fn published(replica: &MongoBackend) -> Vec<String> {
    let entries = replica.outbox(0, usize::MAX).await.expect("the outbox reads");
    entries.into_iter().map(|entry| entry.event.trim_matches('"').to_owned()).collect()
}

/// Marks all events of a replica as published.
pub(crate) async fn publish_all(replica: &MongoBackend) {
    let entries = replica.outbox(0, usize::MAX).await.expect("the outbox reads");
    let seqs: Vec<_> = entries.iter().map(|entry| entry.seq).collect();
    replica.mark_published(&seqs).await.expect("noted");
}

/// Whether there is a tombstone among the notes.
pub(crate) async fn has_tombstone(database: &TestDatabase) -> bool {
    database.notes().find_one(doc! { "removed": true }).await.expect("the server answers").is_some()
}
