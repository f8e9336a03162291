//! The writer thread: shared transactions, waiting, and rejection.

use std::path::Path;
use std::sync::Arc;

use crate::support::{begun, has, insert, open_database, published};
use futures::future::try_join_all;
use rusqlite::Connection;
use store::sqlite::SqliteBackend;
use store::{Backend, CommitError, StoreError};

/// Holds the write lock of a database until it is dropped.
fn write_lock(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

#[tokio::test]
async fn commits_that_wait_at_the_same_time_share_a_transaction() {
    let (_folder, path, backend) = open_database();
    let before = backend.transactions();
    let lock = write_lock(&path);
    let commits = begun(&backend, 1..=256);
    drop(lock);
    try_join_all(commits).await.unwrap();
    // The first few may share an earlier transaction.
    let transactions = backend.transactions() - before;
    assert!(transactions <= 2, "{transactions} transactions for 256 commits");
    assert_eq!(published(&backend).await, (1..=256).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_refused_commit_does_not_fail_those_that_share_its_transaction() {
    let (_folder, path, backend) = open_database();
    let lock = write_lock(&path);
    let commits = begun(&backend, [1, 2, 1, 3, 2]);
    drop(lock);
    let outcomes = futures::future::join_all(commits).await;
    let conflicts: Vec<_> =
        outcomes.iter().map(|outcome| matches!(outcome, Err(CommitError::Conflict))).collect();
    assert_eq!(conflicts, [false, false, true, false, true], "{outcomes:?}");
    assert_eq!(published(&backend).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_reader_is_not_blocked_by_an_open_write_transaction() {
    let (_folder, path, backend) = open_database();
    backend.commit(insert(1)).await.unwrap();
    let lock = write_lock(&path);
    lock.execute_batch("DELETE FROM documents; DELETE FROM outbox").unwrap();
    let commits = begun(&backend, [2]);
    assert!(has(&backend, 1).await);
    assert!(!has(&backend, 2).await);
    assert_eq!(published(&backend).await, [1]);
    backend.check().await.unwrap();
    drop(lock);
    try_join_all(commits).await.unwrap();
    assert!(has(&backend, 1).await && has(&backend, 2).await);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_rejects_more_and_loses_nothing() {
    let (_folder, path, backend) = open_database();
    let lock = write_lock(&path);
    let commits = begun(&backend, 1..=1024);
    // The runtime's paused clock jumps ahead, since no task can run.
    let refused = backend.commit(insert(1025)).await;
    assert!(matches!(refused, Err(CommitError::Store(StoreError::Unavailable(_)))), "{refused:?}");
    drop(lock);
    try_join_all(commits).await.unwrap();
    backend.commit(insert(1026)).await.unwrap();
    assert_eq!(published(&backend).await, (1..=1024).chain([1026]).collect::<Vec<_>>());
}

#[tokio::test]
async fn closing_finishes_what_was_accepted() {
    let (_folder, path, backend) = open_database();
    let lock = write_lock(&path);
    let commits = begun(&backend, 1..=600);
    drop(lock);
    let (closed, outcomes) = futures::join!(backend.close(), try_join_all(commits));
    let () = closed;
    outcomes.unwrap();
    let backend = SqliteBackend::open(&path).unwrap();
    assert_eq!(published(&backend).await, (1..=600).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_abandoned_commit_is_still_made_as_a_whole() {
    let (_folder, path, backend) = open_database();
    let lock = write_lock(&path);
    drop(begun(&backend, [1]));
    drop(lock);
    drop(backend);
    let backend = SqliteBackend::open(&path).unwrap();
    assert!(has(&backend, 1).await);
    assert_eq!(published(&backend).await, [1]);
}

#[tokio::test]
async fn published_events_leave_the_file_even_if_no_commit_follows() {
    let (_folder, path, backend) = open_database();
    backend.commit(insert(1)).await.unwrap();
    let other = Connection::open(&path).unwrap();
    let rows = || other.query_row("SELECT count(*) FROM outbox", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(rows(), 1);
    backend.mark_published(&[1]).await.unwrap();
    assert_eq!(rows(), 0);
}

#[test]
fn in_memory_everything_is_done_when_it_is_first_polled() {
    use futures::FutureExt;

    // Without a runtime and other threads, as in a simulation.
    let backend: Arc<dyn Backend> = SqliteBackend::in_memory().unwrap();
    backend.commit(insert(1)).now_or_never().unwrap().unwrap();
    let entries = backend.outbox(0, 10).now_or_never().unwrap().unwrap();
    assert_eq!(entries.len(), 1);
    backend.outbox_changed().now_or_never().unwrap();
    backend.mark_published(&[entries[0].seq]).now_or_never().unwrap().unwrap();
    assert!(backend.outbox(0, 10).now_or_never().unwrap().unwrap().is_empty());
    backend.close().now_or_never().unwrap();
}
