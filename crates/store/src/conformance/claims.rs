//! Claims, of which each is held by one document.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::draft::{Draft, LETTERS, get, holder, id, is_taken};
use crate::{Backend, WriteError};

/// Plenty of people who want the same ticket.
const CLAIMANTS: u128 = 64;

pub(super) async fn a_document_is_found_by_its_key(backend: Arc<dyn Backend>) {
    Draft::new(1).claim("name", "Ann 'O\" ☃").claim("seat", "1").commit(&backend).await;
    Draft::new(2).claim("seat", "2").commit(&backend).await;
    assert_eq!(holder(&backend, "name", "Ann 'O\" ☃").await, Some(id(1)));
    assert_eq!(holder(&backend, "seat", "2").await, Some(id(2)));
    assert_eq!(holder(&backend, "seat", "3").await, None);
    assert_eq!(holder(&backend, "name", "1").await, None);
}

pub(super) async fn a_claim_is_held_by_one_document(backend: Arc<dyn Backend>) {
    Draft::new(1).claim("name", "ann").commit(&backend).await;
    is_taken(&backend, Draft::new(2).claim("seat", "1").claim("name", "ann").put(), "name").await;
    // Neither another case, nor another kind, nor another collection is the same claim.
    Draft::new(2).claim("name", "Ann").claim("nick", "ann").commit(&backend).await;
    Draft::new(3).in_collection(LETTERS).claim("name", "ann").commit(&backend).await;
    is_taken(&backend, Draft::new(2).over(1).claim("name", "ann").put(), "name").await;
    assert_eq!(holder(&backend, "name", "ann").await, Some(id(1)));
}

pub(super) async fn a_claim_is_kept_by_an_update_that_repeats_it(backend: Arc<dyn Backend>) {
    Draft::new(1).claim("name", "ann").commit(&backend).await;
    Draft::new(1).over(1).claim("name", "ann").claim("name", "ann").claim("seat", "1").commit(&backend).await;
    assert_eq!(holder(&backend, "name", "ann").await, Some(id(1)));
    is_taken(&backend, Draft::new(2).claim("name", "ann").put(), "name").await;
    is_taken(&backend, Draft::new(2).claim("seat", "1").put(), "seat").await;
}

pub(super) async fn an_update_releases_a_key(backend: Arc<dyn Backend>) {
    Draft::new(1).claim("name", "ann").claim("seat", "1").commit(&backend).await;
    Draft::new(1).over(1).claim("seat", "1").commit(&backend).await;
    assert_eq!(holder(&backend, "name", "ann").await, None);
    Draft::new(2).claim("name", "ann").commit(&backend).await;
    assert_eq!(holder(&backend, "name", "ann").await, Some(id(2)));
}

pub(super) async fn a_removal_releases_the_claims(backend: Arc<dyn Backend>) {
    Draft::new(1).claim("name", "ann").commit(&backend).await;
    backend.commit(Draft::new(1).over(1).remove()).await.expect("the removal is accepted");
    assert_eq!(holder(&backend, "name", "ann").await, None);
    Draft::new(2).claim("name", "ann").commit(&backend).await;
}

pub(super) async fn a_claim_moves_from_document_to_document_and_back(backend: Arc<dyn Backend>) {
    Draft::new(1).claim("seat", "1").commit(&backend).await;
    Draft::new(2).commit(&backend).await;
    let (mut from, mut to) = (1, 2);
    for version in 1..=6 {
        Draft::new(from).over(version).commit(&backend).await;
        assert_eq!(holder(&backend, "seat", "1").await, None);
        Draft::new(to).over(version).claim("seat", "1").commit(&backend).await;
        assert_eq!(holder(&backend, "seat", "1").await, Some(id(to)));
        is_taken(&backend, Draft::new(from).over(version + 1).claim("seat", "1").put(), "seat").await;
        (from, to) = (to, from);
    }
}

pub(super) async fn of_many_claimants_exactly_one_wins(backend: Arc<dyn Backend>) {
    let mut claimants = JoinSet::new();
    for number in 1..=CLAIMANTS {
        let backend = Arc::clone(&backend);
        claimants.spawn(async move {
            match backend.commit(Draft::new(number).claim("ticket", "7").put()).await {
                Ok(()) => Some(number),
                Err(WriteError::DuplicateKey("ticket")) => None,
                Err(other) => panic!("won or lost, not {other:?}"),
            }
        });
    }
    let winners: Vec<_> = claimants.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(holder(&backend, "ticket", "7").await, Some(id(winners[0])));
    for number in 1..=CLAIMANTS {
        assert_eq!(get(&backend, number).await.is_some(), number == winners[0], "{number}");
    }
}
