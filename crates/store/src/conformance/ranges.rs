//! Ranges of ordered keys.

use std::sync::Arc;

use super::draft::{Draft, RANK, RANKS, numbers, rows, whole};
use crate::key::{Part, encode};
use crate::{Backend, Direction, RangeQuery};

const DESCENDING: Direction = Direction::Descending;

pub(super) async fn documents_come_in_the_order_of_their_keys_in_both_directions(backend: Arc<dyn Backend>) {
    for (number, rank) in [(1, 300), (2, -5), (3, 0), (4, i64::MAX), (5, 2), (6, i64::MIN)] {
        Draft::new(number).rank(rank).commit(&backend).await;
    }
    for index in [RANK, RANKS] {
        assert_eq!(numbers(&backend, whole(index)).await, [6, 2, 3, 5, 1, 4]);
        let descending = RangeQuery { direction: DESCENDING, ..whole(index) };
        assert_eq!(numbers(&backend, descending.clone()).await, [4, 1, 5, 3, 2, 6]);
        assert_eq!(numbers(&backend, RangeQuery { limit: 2, ..whole(index) }).await, [6, 2]);
        assert_eq!(numbers(&backend, RangeQuery { limit: 2, ..descending }).await, [4, 1]);
    }
}

pub(super) async fn the_lower_bound_is_inclusive_and_the_upper_exclusive(backend: Arc<dyn Backend>) {
    for rank in 1..=6_u8 {
        Draft::new(rank.into()).rank(rank.into()).commit(&backend).await;
    }
    for index in [RANK, RANKS] {
        let range =
            RangeQuery { from: encode([Part::Int(2)]), to: Some(encode([Part::Int(5)])), ..whole(index) };
        assert_eq!(numbers(&backend, range.clone()).await, [2, 3, 4]);
        assert_eq!(numbers(&backend, RangeQuery { direction: DESCENDING, ..range.clone() }).await, [4, 3, 2]);
        assert_eq!(numbers(&backend, RangeQuery { to: None, ..range.clone() }).await, [2, 3, 4, 5, 6]);
        assert!(numbers(&backend, RangeQuery { to: Some(range.from.clone()), ..range }).await.is_empty());
    }
}

pub(super) async fn a_count_is_that_of_the_documents_in_the_range(backend: Arc<dyn Backend>) {
    for rank in 1..=6_u8 {
        Draft::new(rank.into()).rank(rank.into()).commit(&backend).await;
    }
    let range = RangeQuery { from: encode([Part::Int(2)]), to: Some(encode([Part::Int(5)])), ..whole(RANK) };
    let count = async |query: RangeQuery| backend.count(query).await.expect("the database answers");
    assert_eq!(count(whole(RANK)).await, 6);
    assert_eq!(count(RangeQuery { limit: usize::MAX, ..whole(RANK) }).await, 6);
    assert_eq!(count(range.clone()).await, 3);
    assert_eq!(count(RangeQuery { to: None, ..range.clone() }).await, 5);
    assert_eq!(count(RangeQuery { limit: 2, ..range.clone() }).await, 2);
    assert_eq!(count(RangeQuery { to: Some(range.from.clone()), ..range }).await, 0);
}

pub(super) async fn a_key_that_begins_another_is_bounded_for_itself(backend: Arc<dyn Backend>) {
    // The ids are greater than all that follows in the longer key.
    let great = u128::MAX;
    let long = || ["a".into(), Part::Int(7)];
    Draft::new(great).key("shelf", ["a".into()]).key("shelves", ["a".into()]).commit(&backend).await;
    Draft::new(great - 1).key("shelf", long()).key("shelves", long()).commit(&backend).await;
    for index in ["shelf", "shelves"] {
        assert_eq!(numbers(&backend, whole(index)).await, [great, great - 1]);
        let from = RangeQuery { from: encode(long()), ..whole(index) };
        assert_eq!(numbers(&backend, from).await, [great - 1]);
        let to = RangeQuery { to: Some(encode(long())), ..whole(index) };
        assert_eq!(numbers(&backend, to).await, [great]);
    }
}

pub(super) async fn a_document_stands_at_each_of_its_keys(backend: Arc<dyn Backend>) {
    let at = |draft: Draft, ranks: &[i64]| {
        ranks.iter().fold(draft, |draft, rank| draft.key(RANKS, [(*rank).into()]))
    };
    at(Draft::new(1), &[10, 30, 10]).commit(&backend).await;
    at(Draft::new(2), &[20]).commit(&backend).await;
    assert_eq!(numbers(&backend, whole(RANKS)).await, [1, 2, 1]);
    // Entries outside of the range, and the end of the page, do not change the order within it.
    let from = RangeQuery { from: encode([Part::Int(15)]), ..whole(RANKS) };
    assert_eq!(numbers(&backend, from).await, [2, 1]);
    let to = RangeQuery { to: Some(encode([Part::Int(25)])), direction: DESCENDING, ..whole(RANKS) };
    assert_eq!(numbers(&backend, to).await, [2, 1]);
    let first = rows(&backend, RangeQuery { limit: 1, ..whole(RANKS) }).await;
    let rest = RangeQuery { after: Some(first[0].0.clone()), ..whole(RANKS) };
    assert_eq!(numbers(&backend, rest).await, [2, 1]);
    at(Draft::new(1).over(1), &[30, 40]).commit(&backend).await;
    assert_eq!(numbers(&backend, whole(RANKS)).await, [2, 1, 1]);
    backend.commit(Draft::new(1).over(2).remove()).await.expect("the removal is accepted");
    assert_eq!(numbers(&backend, whole(RANKS)).await, [2]);
}

pub(super) async fn an_update_replaces_the_keys(backend: Arc<dyn Backend>) {
    Draft::new(1).rank(1).key("shelf", ["a".into()]).commit(&backend).await;
    Draft::new(2).rank(2).commit(&backend).await;
    Draft::new(1).over(1).rank(3).body(r#"{"moved":true}"#).commit(&backend).await;
    let found = rows(&backend, whole(RANK)).await;
    let seen: Vec<_> = found.iter().map(|(_, record)| (record.id.as_u128(), record.version)).collect();
    assert_eq!(seen, [(2, 1), (1, 2)]);
    assert_eq!(found[1].1.body, r#"{"moved":true}"#);
    assert_eq!(found[1].0, RangeQuery::cursor(&encode([Part::Int(3)]), found[1].1.id));
    assert!(numbers(&backend, whole("shelf")).await.is_empty());
}

pub(super) async fn indexes_do_not_see_each_other(backend: Arc<dyn Backend>) {
    Draft::new(1).key("a", [1.into()]).commit(&backend).await;
    Draft::new(2).key("ab", [1.into()]).commit(&backend).await;
    assert_eq!(numbers(&backend, whole("a")).await, [1]);
    assert_eq!(numbers(&backend, whole("ab")).await, [2]);
    assert!(numbers(&backend, whole("b")).await.is_empty());
}
