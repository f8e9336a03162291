//! Atomicity: a write happens as a whole or not at all.

use std::sync::Arc;

use super::draft::{Draft, RANK, conflicts, events, get, holder, id, is_taken, numbers, whole};
use crate::Backend;

/// Two notes; the second holds the unique key that the first will ask for.
async fn two_notes(backend: &Arc<dyn Backend>) {
    let first = Draft::new(1).body(r#"{"is":"first"}"#).rank(1).unique("name", "ann").event(r#""one""#);
    first.commit(backend).await;
    Draft::new(2).rank(2).unique("seat", "1").commit(backend).await;
}

/// A next state of the first note in which everything differs.
fn all_different() -> Draft {
    Draft::new(1).body(r#"{"is":"other"}"#).rank(9).unique("name", "bob").event(r#""two""#)
}

async fn nothing_has_changed(backend: &Arc<dyn Backend>) {
    let first = get(backend, 1).await.expect("the first note is there");
    assert_eq!((first.version, first.body.as_str()), (1, r#"{"is":"first"}"#));
    assert_eq!(numbers(backend, whole(RANK)).await, [1, 2]);
    assert_eq!(holder(backend, "name", "ann").await, Some(id(1)));
    assert_eq!(holder(backend, "name", "bob").await, None);
    assert_eq!(holder(backend, "seat", "1").await, Some(id(2)));
    assert_eq!(events(backend).await, [r#""one""#]);
}

pub(super) async fn a_duplicate_key_leaves_everything_as_it_was(backend: Arc<dyn Backend>) {
    two_notes(&backend).await;
    is_taken(&backend, all_different().over(1).unique("seat", "1").put(), "seat").await;
    nothing_has_changed(&backend).await;
}

pub(super) async fn a_conflict_leaves_everything_as_it_was(backend: Arc<dyn Backend>) {
    two_notes(&backend).await;
    for stale in [0, 2, 7] {
        conflicts(&backend, all_different().over(stale).put()).await;
        conflicts(&backend, all_different().over(stale).remove()).await;
        nothing_has_changed(&backend).await;
    }
}

pub(super) async fn a_refused_insert_leaves_no_trace(backend: Arc<dyn Backend>) {
    two_notes(&backend).await;
    let third = Draft::new(3).rank(0).unique("name", "eve").unique("seat", "1").event(r#""three""#);
    is_taken(&backend, third.put(), "seat").await;
    nothing_has_changed(&backend).await;
    assert_eq!(get(&backend, 3).await, None);
    assert_eq!(holder(&backend, "name", "eve").await, None);
    Draft::new(3).rank(3).unique("name", "eve").commit(&backend).await;
}
