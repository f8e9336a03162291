//! Helpers of the tests of the SQLite adapter.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use futures::future::BoxFuture;
use store::sqlite::SqliteBackend;
use store::{Backend, Change, CommitError, Put, Write};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const NOTES: &str = "notes";

/// A folder, deleted at the end of the test, and the path of a database in it.
pub(crate) fn database_path() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    (folder, path)
}

/// The same, with an open database.
pub(crate) fn open_database() -> (TempDir, PathBuf, Arc<SqliteBackend>) {
    let (folder, path) = database_path();
    let backend = SqliteBackend::open(&path).unwrap();
    (folder, path, backend)
}

/// The insertion of a note with an event of its number.
pub(crate) fn insert(number: u32) -> Write {
    let (change, outbox) = (Change::Put(Put::new(1, number.to_string())), vec![number.to_string()]);
    Write { collection: NOTES, id: id(number), expected: 0, change, outbox }
}

pub(crate) fn id(number: u32) -> Uuid {
    Uuid::from_u128(number.into())
}

/// Whether the note of this number is there.
pub(crate) async fn has(backend: &SqliteBackend, number: u32) -> bool {
    let record = backend.get(NOTES, id(number)).await.unwrap();
    record.is_some_and(|record| record.body == number.to_string())
}

/// The numbers of the events in the outbox.
pub(crate) async fn published(backend: &SqliteBackend) -> Vec<u32> {
    let entries = backend.outbox(0, usize::MAX).await.unwrap();
    entries.iter().map(|entry| entry.event.parse().unwrap()).collect()
}

/// Insertions that the writer has received and no caller waits for yet.
pub(crate) fn begun(
    backend: &Arc<SqliteBackend>,
    numbers: impl IntoIterator<Item = u32>,
) -> Vec<BoxFuture<'_, Result<(), CommitError>>> {
    let mut commits: Vec<_> = numbers.into_iter().map(|number| backend.commit(insert(number))).collect();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for commit in &mut commits {
        assert!(Pin::new(commit).poll(&mut context).is_pending(), "nothing is durable at once");
    }
    commits
}
