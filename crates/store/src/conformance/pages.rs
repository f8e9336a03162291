//! Walks through a range, page by page.

use std::sync::Arc;

use super::draft::{Draft, RANK, RANKS, numbers, rows, whole};
use crate::key::{Part, encode};
use crate::{Backend, Direction, RangeQuery};

/// The numbers of the rest of `query`, read page by page.
async fn walk(backend: &Arc<dyn Backend>, mut query: RangeQuery) -> Vec<u128> {
    let mut met = Vec::new();
    loop {
        let page = rows(backend, query.clone()).await;
        let Some((cursor, _)) = page.last() else { return met };
        assert!(page.len() <= query.limit, "{} rows", page.len());
        query.after = Some(cursor.clone());
        met.extend(page.iter().map(|(_, record)| record.id.as_u128()));
        assert!(met.len() < 100, "the walk comes to an end: {met:?}");
    }
}

pub(super) async fn a_walk_meets_every_document_once_in_both_directions(backend: Arc<dyn Backend>) {
    for number in 1..=25_u8 {
        Draft::new(number.into()).rank(number.into()).commit(&backend).await;
    }
    for (index, limit) in
        [RANK, RANKS].into_iter().flat_map(|index| [1, 4, 25, 26].map(|limit| (index, limit)))
    {
        let query = RangeQuery { limit, ..whole(index) };
        assert!(walk(&backend, query.clone()).await.into_iter().eq(1..=25), "up by {limit}");
        let down = RangeQuery { direction: Direction::Descending, ..query };
        assert!(walk(&backend, down).await.into_iter().eq((1..=25).rev()), "down by {limit}");
    }
}

pub(super) async fn a_walk_is_not_disturbed_by_documents_that_come_and_go(backend: Arc<dyn Backend>) {
    for number in [10, 20, 30, 40_u8] {
        Draft::new(number.into()).rank(number.into()).commit(&backend).await;
    }
    let query = RangeQuery { limit: 2, ..whole(RANK) };
    let first = rows(&backend, query.clone()).await;
    // The page's last document is removed, one is inserted before it, one behind it.
    backend.commit(Draft::new(20).over(1).remove()).await.expect("the removal is accepted");
    Draft::new(5).rank(5).commit(&backend).await;
    Draft::new(25).rank(25).commit(&backend).await;
    let rest = RangeQuery { after: first.last().map(|(cursor, _)| cursor.clone()), ..query };
    assert_eq!(walk(&backend, rest).await, [25, 30, 40]);
}

pub(super) async fn a_walk_passes_documents_of_equal_keys(backend: Arc<dyn Backend>) {
    for number in [3, 1, 4, 2, 5] {
        Draft::new(number).rank(7).commit(&backend).await;
    }
    for index in [RANK, RANKS] {
        let query = RangeQuery { limit: 2, ..whole(index) };
        assert_eq!(walk(&backend, query.clone()).await, [1, 2, 3, 4, 5]);
        let down = RangeQuery { direction: Direction::Descending, ..query };
        assert_eq!(walk(&backend, down).await, [5, 4, 3, 2, 1]);
    }
}

/// Cursors come from clients, which may send anything.
pub(super) async fn a_forged_cursor_never_leaves_the_bounds(backend: Arc<dyn Backend>) {
    for number in 1..=9_u8 {
        Draft::new(number.into()).rank(number.into()).commit(&backend).await;
    }
    let inside = [4, 5, 6];
    for direction in [Direction::Ascending, Direction::Descending] {
        for after in
            [vec![], vec![0], vec![1], vec![255; 3], vec![0; 16], vec![255; 16], vec![0; 90], vec![255; 90]]
        {
            let query = RangeQuery {
                from: encode([Part::Int(4)]),
                to: Some(encode([Part::Int(7)])),
                after: Some(after.clone()),
                direction,
                ..whole(RANK)
            };
            let found = numbers(&backend, query).await;
            assert!(found.iter().all(|number| inside.contains(number)), "{after:?}: {found:?}");
        }
    }
}
