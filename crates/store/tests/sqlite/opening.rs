//! Opening a database file: creation, refusals and their messages.

use std::fs;
use std::path::Path;

use crate::support::{NOTES, database_path, has, id, insert, open_database, published};
use store::sqlite::{SqliteBackend, SqliteOpenError, SqliteOpenFault};
use store::{Backend, CommitError, StoreError};

/// Changes a file as another program does.
fn alter(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

fn refusal(path: &Path) -> SqliteOpenError {
    SqliteBackend::open(path).expect_err("the database is refused")
}

#[tokio::test]
async fn a_missing_folder_is_made_and_contents_survive_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/notes.db");
    for number in 1..=3 {
        let backend = SqliteBackend::open(&path).unwrap();
        backend.commit(insert(number)).await.unwrap();
        backend.close().await;
    }
    let backend = SqliteBackend::open(&path).unwrap();
    assert!(has(&backend, 1).await && has(&backend, 2).await && has(&backend, 3).await);
    assert_eq!(published(&backend).await, [1, 2, 3]);
}

#[tokio::test]
async fn closing_leaves_one_database_file_behind() {
    let (folder, _, backend) = open_database();
    backend.commit(insert(1)).await.unwrap();
    assert!(has(&backend, 1).await);
    backend.close().await;
    let mut files: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["notes.db", "notes.db.lock"]);
}

#[tokio::test]
async fn published_events_stay_away_after_reopening() {
    let (_folder, path, backend) = open_database();
    for number in 1..=3 {
        backend.commit(insert(number)).await.unwrap();
    }
    let entries = backend.outbox(0, 2).await.unwrap();
    backend.mark_published(&[entries[0].seq, entries[1].seq]).await.unwrap();
    backend.close().await;
    assert_eq!(published(&SqliteBackend::open(&path).unwrap()).await, [3]);
}

#[tokio::test]
async fn a_database_that_is_dropped_without_being_closed_can_be_opened_at_once() {
    let (_folder, path) = database_path();
    for number in 1..=20 {
        let backend = SqliteBackend::open(&path).unwrap();
        backend.commit(insert(number)).await.unwrap();
        assert_eq!(published(&backend).await.len(), number as usize);
    }
}

#[tokio::test]
async fn a_database_is_opened_by_one_at_a_time() {
    let (_folder, path, first) = open_database();
    let second = refusal(&path);
    assert!(matches!(second.fault, SqliteOpenFault::InUse), "{second:?}");
    assert!(second.to_string().contains("in use by another process: stop that one"), "{second}");
    first.close().await;
    SqliteBackend::open(&path).unwrap();
}

#[tokio::test]
async fn a_tool_opens_a_database_beside_the_service_that_has_it_open() {
    let (_folder, path, service) = open_database();
    let tool = SqliteBackend::open_beside(&path).unwrap();
    service.commit(insert(1)).await.unwrap();
    tool.commit(insert(2)).await.unwrap();
    assert_eq!(published(&service).await.len(), 2);
    assert!(!tool.revision("notes").is_of_all());
    tool.close().await;
    service.commit(insert(3)).await.unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let path = folder.path().join("file/sub/notes.db");
    let refused = refusal(&path);
    assert!(matches!(refused.fault, SqliteOpenFault::Folder(_)), "{refused:?}");
    let sentence = refused.to_string();
    assert!(
        sentence.contains(path.to_str().unwrap()) && sentence.contains("choose another folder"),
        "{sentence}"
    );
}

#[test]
fn a_path_that_is_a_folder_is_refused() {
    let (_folder, path) = database_path();
    fs::create_dir(&path).unwrap();
    assert!(matches!(refusal(&path).fault, SqliteOpenFault::Folder(_)));
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let (_folder, path) = database_path();
    fs::write(&path, "my shopping list ".repeat(1000)).unwrap();
    let refused = refusal(&path);
    assert!(matches!(refused.fault, SqliteOpenFault::Broken(_)), "{refused:?}");
    assert!(refused.to_string().contains("is not a database or is broken"), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "my shopping list ".repeat(1000));
}

#[tokio::test]
async fn a_database_whose_first_page_is_broken_is_refused() {
    let (_folder, path, backend) = open_database();
    backend.close().await;
    let mut bytes = fs::read(&path).unwrap();
    // The header stays, the schema behind it goes.
    bytes[100..4096].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    assert!(matches!(refusal(&path).fault, SqliteOpenFault::Broken(_)));
}

#[tokio::test]
async fn a_broken_page_that_is_met_later_is_unreadable() {
    let (_folder, path, backend) = open_database();
    backend.commit(insert(1)).await.unwrap();
    backend.close().await;
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    let backend = SqliteBackend::open(&path).unwrap();
    let read = backend.get(NOTES, id(1)).await;
    assert!(matches!(read, Err(StoreError::Unreadable(_))), "{read:?}");
    let write = backend.commit(insert(1)).await;
    assert!(matches!(write, Err(CommitError::Store(StoreError::Unreadable(_)))), "{write:?}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let (_folder, path, backend) = open_database();
    backend.close().await;
    alter(&path, "PRAGMA user_version = 99");
    let before = fs::read(&path).unwrap();
    let refused = refusal(&path);
    assert!(matches!(refused.fault, SqliteOpenFault::Newer { found: 99, known: 1 }), "{refused:?}");
    assert!(refused.to_string().contains("was written by a newer version (format 99"), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let (_folder, path) = database_path();
    alter(&path, "CREATE TABLE bookmarks (url TEXT)");
    let before = fs::read(&path).unwrap();
    let refused = refusal(&path);
    assert!(matches!(refused.fault, SqliteOpenFault::Foreign), "{refused:?}");
    assert!(refused.to_string().contains("is a database of another program"), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
}
