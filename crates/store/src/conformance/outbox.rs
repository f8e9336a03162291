//! The outbox: events until the bus has acknowledged them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

use super::draft::{Draft, LETTERS, NOTES, events, id, outbox};
use crate::Backend;

/// Far longer than any adapter needs to wake a waiter.
const WAKE_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn events_stand_in_the_order_in_which_they_were_committed(backend: Arc<dyn Backend>) {
    assert!(events(&backend).await.is_empty());
    Draft::new(1).event("1").event("2").commit(&backend).await;
    Draft::new(2).commit(&backend).await;
    Draft::new(3).event("3").commit(&backend).await;
    Draft::new(1).over(1).event(r#"{"text":"4 'ü' ☃"}"#).commit(&backend).await;
    assert_eq!(events(&backend).await, ["1", "2", "3", r#"{"text":"4 'ü' ☃"}"#]);
    let seqs: Vec<_> = outbox(&backend).await.iter().map(|entry| entry.seq).collect();
    assert!(seqs.is_sorted_by(|one, next| one < next) && seqs[0] > 0, "{seqs:?}");
}

pub(super) async fn events_are_read_in_portions(backend: Arc<dyn Backend>) {
    for number in 1..=10_u32 {
        Draft::new(number.into()).event(number.to_string()).commit(&backend).await;
    }
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let portion = backend.outbox(after, 3).await.expect("the outbox reads");
        let Some(last) = portion.last() else { break };
        assert!(portion.len() <= 3);
        after = last.seq;
        seen.extend(portion.into_iter().map(|entry| entry.event));
        assert!(seen.len() < 100, "the walk comes to an end: {seen:?}");
    }
    assert!(
        seen.iter().map(String::as_str).eq(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]),
        "{seen:?}"
    );
}

pub(super) async fn exactly_the_published_events_leave(backend: Arc<dyn Backend>) {
    for number in 1..=6_u32 {
        Draft::new(number.into()).event(number.to_string()).commit(&backend).await;
    }
    let entries = outbox(&backend).await;
    let seqs = |numbers: &[usize]| numbers.iter().map(|number| entries[number - 1].seq).collect::<Vec<_>>();
    backend.mark_published(&seqs(&[2, 5])).await.expect("they may go");
    assert_eq!(events(&backend).await, ["1", "3", "4", "6"]);
    let portion = backend.outbox(0, 2).await.expect("the outbox reads");
    assert_eq!(portion.len(), 2, "published entries take no room in a portion");
    // Twice, nothing, and the rest along with a commit.
    backend.mark_published(&seqs(&[5, 2])).await.expect("they may go");
    backend.mark_published(&[]).await.expect("nothing may go");
    backend.mark_published(&seqs(&[1, 3, 6])).await.expect("they may go");
    Draft::new(7).event("7").commit(&backend).await;
    assert_eq!(events(&backend).await, ["4", "7"]);
}

pub(super) async fn a_scan_finds_every_event(backend: Arc<dyn Backend>) {
    Draft::new(1).event("1").event("2").commit(&backend).await;
    Draft::new(2).commit(&backend).await;
    Draft::new(1).in_collection(LETTERS).event("3").commit(&backend).await;
    let mut found = Vec::new();
    let mut add = |document: Option<Uuid>, event: &str| {
        assert!(document.is_none_or(|document| document == id(1)));
        found.push(event.to_owned());
    };
    backend.scan_outbox(&[NOTES, LETTERS], &mut add).await.expect("the outbox reads");
    assert_eq!(found, ["1", "2", "3"]);
}

pub(super) async fn numbers_are_never_reused(backend: Arc<dyn Backend>) {
    let mut last = 0;
    for number in 1..=5 {
        Draft::new(number).event("0").commit(&backend).await;
        let entries = outbox(&backend).await;
        assert_eq!(entries.len(), 1);
        assert!(entries[0].seq > last, "{} > {last}", entries[0].seq);
        last = entries[0].seq;
        backend.mark_published(&[last]).await.expect("it may go");
    }
}

pub(super) async fn a_removal_publishes_its_events_too(backend: Arc<dyn Backend>) {
    Draft::new(1).event("1").commit(&backend).await;
    backend.commit(Draft::new(1).over(1).event("2").remove()).await.expect("the removal is accepted");
    assert_eq!(events(&backend).await, ["1", "2"]);
}

pub(super) async fn a_waiter_for_changes_is_woken(backend: Arc<dyn Backend>) {
    for number in 1..=20 {
        let changed = async {
            // Spurious wake-ups are allowed, so the contents count.
            while outbox(&backend).await.is_empty() {
                backend.outbox_changed().await;
            }
        };
        let commit = Draft::new(number).event("0").commit(&backend);
        let (changed, ()) = futures::join!(timeout(WAKE_TIMEOUT, changed), commit);
        changed.expect("the waiter is woken");
        let seqs: Vec<_> = outbox(&backend).await.iter().map(|entry| entry.seq).collect();
        backend.mark_published(&seqs).await.expect("they may go");
    }
}

pub(super) async fn a_change_without_a_waiter_is_not_missed(backend: Arc<dyn Backend>) {
    Draft::new(1).event("1").commit(&backend).await;
    timeout(WAKE_TIMEOUT, backend.outbox_changed()).await.expect("the past change is reported");
    // A waiter that stops waiting consumes no change.
    let waiting = backend.outbox_changed();
    drop(waiting);
    Draft::new(2).event("2").commit(&backend).await;
    timeout(WAKE_TIMEOUT, backend.outbox_changed()).await.expect("the past change is reported");
}

pub(super) async fn events_of_one_document_stay_in_order_under_concurrency(backend: Arc<dyn Backend>) {
    let mut writers = JoinSet::new();
    for number in 1..=16_u32 {
        let backend = Arc::clone(&backend);
        writers.spawn(async move {
            for version in 0..10_u32 {
                let draft = Draft::new(number.into()).over(version.into());
                draft.event(format!("[{number},{version}]")).commit(&backend).await;
            }
        });
    }
    writers.join_all().await;
    let mut next: HashMap<u32, u32> = HashMap::new();
    for event in events(&backend).await {
        let (number, version): (u32, u32) = serde_json::from_str(&event).expect("the event is intact");
        let expected = next.entry(number).or_default();
        assert_eq!(version, *expected, "of {number}");
        *expected += 1;
    }
    assert!(next.len() == 16 && next.values().all(|count| *count == 10), "{next:?}");
}
