//! Unique keys: each is held by one document at a time.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::draft::{Draft, LETTERS, get, holder, id, is_taken};
use crate::{Backend, CommitError};

/// Many buyers of the same ticket.
const WRITERS: u128 = 64;

pub(super) async fn a_document_is_found_by_its_unique_key(backend: Arc<dyn Backend>) {
    Draft::new(1).unique("name", "Ann 'O\" ☃").unique("seat", "1").commit(&backend).await;
    Draft::new(2).unique("seat", "2").commit(&backend).await;
    assert_eq!(holder(&backend, "name", "Ann 'O\" ☃").await, Some(id(1)));
    assert_eq!(holder(&backend, "seat", "2").await, Some(id(2)));
    assert_eq!(holder(&backend, "seat", "3").await, None);
    assert_eq!(holder(&backend, "name", "1").await, None);
}

pub(super) async fn a_unique_key_is_held_by_one_document(backend: Arc<dyn Backend>) {
    Draft::new(1).unique("name", "ann").commit(&backend).await;
    is_taken(&backend, Draft::new(2).unique("seat", "1").unique("name", "ann").put(), "name").await;
    // Another case, name or collection makes another key.
    Draft::new(2).unique("name", "Ann").unique("nick", "ann").commit(&backend).await;
    Draft::new(3).in_collection(LETTERS).unique("name", "ann").commit(&backend).await;
    is_taken(&backend, Draft::new(2).over(1).unique("name", "ann").put(), "name").await;
    assert_eq!(holder(&backend, "name", "ann").await, Some(id(1)));
}

pub(super) async fn a_unique_key_is_kept_by_an_update_that_repeats_it(backend: Arc<dyn Backend>) {
    Draft::new(1).unique("name", "ann").commit(&backend).await;
    Draft::new(1)
        .over(1)
        .unique("name", "ann")
        .unique("name", "ann")
        .unique("seat", "1")
        .commit(&backend)
        .await;
    assert_eq!(holder(&backend, "name", "ann").await, Some(id(1)));
    is_taken(&backend, Draft::new(2).unique("name", "ann").put(), "name").await;
    is_taken(&backend, Draft::new(2).unique("seat", "1").put(), "seat").await;
}

pub(super) async fn an_update_releases_a_unique_key(backend: Arc<dyn Backend>) {
    Draft::new(1).unique("name", "ann").unique("seat", "1").commit(&backend).await;
    Draft::new(1).over(1).unique("seat", "1").commit(&backend).await;
    assert_eq!(holder(&backend, "name", "ann").await, None);
    Draft::new(2).unique("name", "ann").commit(&backend).await;
    assert_eq!(holder(&backend, "name", "ann").await, Some(id(2)));
}

pub(super) async fn a_removal_releases_the_unique_keys(backend: Arc<dyn Backend>) {
    Draft::new(1).unique("name", "ann").commit(&backend).await;
    backend.commit(Draft::new(1).over(1).remove()).await.expect("the removal is accepted");
    assert_eq!(holder(&backend, "name", "ann").await, None);
    Draft::new(2).unique("name", "ann").commit(&backend).await;
    // An adapter may keep a document whose events are not published.
    Draft::new(3).unique("name", "bob").event("3").commit(&backend).await;
    backend.commit(Draft::new(3).over(1).remove()).await.expect("the removal is accepted");
    assert_eq!(holder(&backend, "name", "bob").await, None);
    Draft::new(4).unique("name", "bob").commit(&backend).await;
}

pub(super) async fn a_unique_key_moves_from_document_to_document_and_back(backend: Arc<dyn Backend>) {
    Draft::new(1).unique("seat", "1").commit(&backend).await;
    Draft::new(2).commit(&backend).await;
    let (mut from, mut to) = (1, 2);
    for version in 1..=6 {
        Draft::new(from).over(version).commit(&backend).await;
        assert_eq!(holder(&backend, "seat", "1").await, None);
        Draft::new(to).over(version).unique("seat", "1").commit(&backend).await;
        assert_eq!(holder(&backend, "seat", "1").await, Some(id(to)));
        is_taken(&backend, Draft::new(from).over(version + 1).unique("seat", "1").put(), "seat").await;
        (from, to) = (to, from);
    }
}

pub(super) async fn of_many_writers_of_one_unique_key_exactly_one_wins(backend: Arc<dyn Backend>) {
    let mut writers = JoinSet::new();
    for number in 1..=WRITERS {
        let backend = Arc::clone(&backend);
        writers.spawn(async move {
            match backend.commit(Draft::new(number).unique("ticket", "7").put()).await {
                Ok(()) => Some(number),
                Err(CommitError::DuplicateKey("ticket")) => None,
                Err(other) => panic!("won or lost, not {other:?}"),
            }
        });
    }
    let winners: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(holder(&backend, "ticket", "7").await, Some(id(winners[0])));
    for number in 1..=WRITERS {
        assert_eq!(get(&backend, number).await.is_some(), number == winners[0], "{number}");
    }
}
