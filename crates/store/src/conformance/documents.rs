//! Documents and their versions.

use std::sync::Arc;

use super::draft::{Draft, LETTERS, NOTES, RANK, conflicts, events, get, holder, id, numbers, whole};
use crate::{Backend, CommitError, RangeQuery, Record, Revision, StoreError};

/// The value of a body; its spelling is up to the adapter.
fn json(body: &str) -> serde_json::Value {
    serde_json::from_str(body).expect("a body is JSON")
}

pub(super) async fn a_document_is_read_as_it_was_written(backend: Arc<dyn Backend>) {
    let bodies = [
        r#"{"title":"O'Brien said \"hello\"; DROP TABLE notes; -- \\ %s $1"}"#.to_owned(),
        r#"{"title":"Ünïcödé 票 🎫 \u0000 ﷽ e\u0301"}"#.to_owned(),
        format!(r#"{{"text":"{}"}}"#, "long ✓ ".repeat(60 * 1024 / 9)),
        // Whole numbers keep their digits.
        r#"{"z":9007199254740993,"a":1.10,"list":[],"nothing":null}"#.to_owned(),
        // A text that looks like an id may be a title.
        r#"["0192f000-0000-7000-8000-00000000000a","0192F000-0000-7000-8000-00000000000A"]"#.to_owned(),
    ];
    for (number, body) in (1..).zip(bodies) {
        Draft::new(number).body(body.clone()).commit(&backend).await;
        let Record { id: of, version, body: read, .. } = get(&backend, number).await.expect("it is there");
        assert_eq!((of, version, json(&read)), (id(number), 1, json(&body)));
    }
}

pub(super) async fn an_update_of_an_older_version_is_refused(backend: Arc<dyn Backend>) {
    Draft::new(1).commit(&backend).await;
    Draft::new(1).over(1).body(r#"{"step":2}"#).commit(&backend).await;
    conflicts(&backend, Draft::new(1).over(1).put()).await;
    conflicts(&backend, Draft::new(1).over(3).put()).await;
    let record = get(&backend, 1).await.expect("it is there");
    assert_eq!((record.version, record.body.as_str()), (2, r#"{"step":2}"#));
}

pub(super) async fn an_update_of_a_missing_document_is_refused(backend: Arc<dyn Backend>) {
    backend.check().await.expect("the database answers");
    conflicts(&backend, Draft::new(1).over(1).put()).await;
    conflicts(&backend, Draft::new(1).over(1).remove()).await;
    assert_eq!(get(&backend, 1).await, None);
}

pub(super) async fn a_removed_document_is_gone_and_may_be_written_anew(backend: Arc<dyn Backend>) {
    Draft::new(1).rank(1).commit(&backend).await;
    Draft::new(2).rank(2).commit(&backend).await;
    backend.commit(Draft::new(1).over(1).remove()).await.expect("the removal is accepted");
    assert_eq!(get(&backend, 1).await, None);
    assert_eq!(numbers(&backend, whole(RANK)).await, [2]);
    Draft::new(1).rank(3).commit(&backend).await;
    assert_eq!(numbers(&backend, whole(RANK)).await, [2, 1]);
}

pub(super) async fn collections_do_not_see_each_other(backend: Arc<dyn Backend>) {
    let other = LETTERS;
    let draft = |body: &str| Draft::new(1).body(body).rank(1).unique("name", "ann");
    draft(r#"{"is":"note"}"#).commit(&backend).await;
    draft(r#"{"is":"letter"}"#).in_collection(other).commit(&backend).await;
    assert_eq!(get(&backend, 1).await.map(|record| record.body).as_deref(), Some(r#"{"is":"note"}"#));
    assert_eq!(numbers(&backend, RangeQuery { collection: other, ..whole(RANK) }).await, [1]);
    let removal = Draft::new(1).in_collection(other).over(1).remove();
    backend.commit(removal).await.expect("the removal is accepted");
    assert_eq!(numbers(&backend, whole(RANK)).await, [1]);
    assert_eq!(holder(&backend, "name", "ann").await, Some(id(1)));
    assert_eq!(backend.get(other, id(1)).await.expect("the database reads"), None);
}

pub(super) async fn every_commit_raises_the_revision_of_its_collection_alone(backend: Arc<dyn Backend>) {
    let revision = || match backend.revision(NOTES) {
        Revision::OfAll(commits) | Revision::OfThisProcess(commits) => commits,
    };
    let empty = revision();
    Draft::new(1).commit(&backend).await;
    let first = revision();
    assert!(first > empty, "{first} > {empty}");
    Draft::new(1).in_collection(LETTERS).commit(&backend).await;
    conflicts(&backend, Draft::new(1).put()).await;
    assert_eq!(revision(), first);
    backend.commit(Draft::new(1).over(1).remove()).await.expect("the removal is accepted");
    assert!(revision() > first);
}

pub(super) async fn a_closed_database_is_unavailable(backend: Arc<dyn Backend>) {
    Draft::new(1).event("1").commit(&backend).await;
    assert_eq!(events(&backend).await, ["1"]);
    backend.close().await;
    let read = backend.get(NOTES, id(1)).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    let write = backend.commit(Draft::new(2).put()).await;
    assert!(matches!(write, Err(CommitError::Store(StoreError::Unavailable(_)))), "{write:?}");
    assert!(backend.check().await.is_err(), "it is not ready");
    // Closing again is harmless.
    backend.close().await;
}
