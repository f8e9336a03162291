//! The outbox in memory and in the documents.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use common::Clock;
use common::clock::{SimClock, SystemClock};
use mongodb::bson::{Bson, doc};
use store::mongodb::MongoBackend;
use store::{Backend, Write};
use uuid::Uuid;

use crate::support::{TestDatabase, id, on_a_database, publish_all, removal, write};

/// Far longer than relaying takes.
const RELAY_TIMEOUT: Duration = Duration::from_mins(2);
/// More events than fit into memory, in so many documents with so many events each.
const DOCUMENTS: u32 = 45;
const EVENTS: usize = 100;

fn many(number: u32, version: u64, events: std::ops::Range<usize>) -> Write {
    let outbox = events.map(|event| format!("[{number},{event}]")).collect();
    Write { outbox, ..write(number, version) }
}

/// Reads and publishes as a relay does, up to `count` events.
async fn relay(backend: &MongoBackend, count: usize) -> Vec<String> {
    let (mut relayed, mut cursor) = (Vec::new(), 0);
    while relayed.len() < count {
        let entries = backend.outbox(cursor, 256).await.unwrap();
        let Some(last) = entries.last() else {
            backend.outbox_changed().await;
            continue;
        };
        cursor = last.seq;
        backend.mark_published(&entries.iter().map(|entry| entry.seq).collect::<Vec<_>>()).await.unwrap();
        relayed.extend(entries.into_iter().map(|entry| entry.event));
    }
    relayed
}

#[tokio::test]
async fn events_without_room_in_memory_come_from_the_documents_in_order() {
    on_a_database(async |database| {
        let backend = database.replica().await;
        for number in 1..=DOCUMENTS {
            backend.commit(many(number, 1, 0..EVENTS)).await.unwrap();
        }
        for number in 1..=DOCUMENTS {
            backend.commit(many(number, 2, EVENTS..EVENTS + 1)).await.unwrap();
        }
        let total = DOCUMENTS as usize * (EVENTS + 1);
        let relayed =
            tokio::time::timeout(RELAY_TIMEOUT, relay(&backend, total)).await.expect("all are relayed");
        let mut next: HashMap<u32, usize> = HashMap::new();
        for event in &relayed {
            let (number, event): (u32, usize) = serde_json::from_str(event).unwrap();
            let expected = next.entry(number).or_default();
            assert_eq!(event, *expected, "of {number}");
            *expected += 1;
        }
        assert!(
            next.len() == DOCUMENTS as usize && next.values().all(|count| *count == EVENTS + 1),
            "{next:?}"
        );
        // From here on events come from memory again.
        backend.commit(many(1, 3, 0..1)).await.unwrap();
        assert_eq!(backend.outbox(total as u64, 10).await.unwrap().len(), 1);
        backend.close().await;
        assert_eq!(database.pending().await, 1);
    })
    .await;
}

/// The events in the document, as an operator sees them.
async fn stored(database: &TestDatabase) -> Vec<String> {
    let note = database.notes().find_one(doc! {}).await.unwrap().expect("a note");
    let event = |element: &Bson| element.as_document().unwrap().get_str("event").unwrap().to_owned();
    note.get_array("outbox").unwrap().iter().map(event).collect()
}

/// Two replicas that prune nothing, since no time passes for them.
async fn without_pruning(database: &TestDatabase) -> (Arc<MongoBackend>, Arc<MongoBackend>) {
    let clock = Arc::new(SimClock::starting_at(SystemClock.now()));
    (database.replica_by(Arc::clone(&clock) as _).await, database.replica_by(clock).await)
}

#[tokio::test]
async fn published_events_leave_with_the_next_commit_of_their_document_and_no_others() {
    on_a_database(async |database| {
        let (one, other) = without_pruning(database).await;
        one.commit(write(1, 1)).await.unwrap();
        one.commit(write(1, 2)).await.unwrap();
        assert_eq!(stored(database).await, ["1.1", "1.2"], "not published yet");
        publish_all(&one).await;
        one.commit(write(1, 3)).await.unwrap();
        assert_eq!(stored(database).await, ["1.3"]);
        publish_all(&one).await;
        other.commit(write(1, 4)).await.unwrap();
        one.commit(write(1, 5)).await.unwrap();
        assert_eq!(
            stored(database).await,
            ["1.3", "1.4", "1.5"],
            "one process does not know the event of the other"
        );
        for replica in [&one, &other] {
            publish_all(replica).await;
            replica.close().await;
        }
        assert_eq!(database.pending().await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_events_of_a_removed_document_stay_when_it_is_created_again() {
    on_a_database(async |database| {
        let (one, other) = without_pruning(database).await;
        other.commit(write(1, 1)).await.unwrap();
        other.commit(removal(1, 1, vec!["\"1.gone\"".into()])).await.unwrap();
        one.commit(write(1, 1)).await.unwrap();
        publish_all(&one).await;
        one.commit(write(1, 2)).await.unwrap();
        assert_eq!(stored(database).await, ["1.1", "1.gone", "1.1", "1.2"]);
    })
    .await;
}

#[tokio::test]
async fn published_events_are_pruned_after_a_moment() {
    on_a_database(async |database| {
        let clock = SimClock::starting_at(SystemClock.now());
        let replica = database.replica_by(Arc::new(clock.clone())).await;
        replica.commit(write(1, 1)).await.unwrap();
        publish_all(&replica).await;
        while clock.next_wake().is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(database.pending().await, 1);
        clock.advance(Duration::from_secs(1));
        while database.pending().await > 0 {
            tokio::task::yield_now().await;
        }
        // The task starts anew.
        replica.commit(write(1, 2)).await.unwrap();
        publish_all(&replica).await;
        replica.close().await;
        assert_eq!(database.pending().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_scan_finds_the_events_of_other_replicas_and_the_documents_with_a_damaged_outbox() {
    on_a_database(async |database| {
        let (replica, operator) = (database.replica().await, database.replica().await);
        replica.commit(write(1, 1)).await.unwrap();
        replica.commit(many(2, 1, 0..2)).await.unwrap();
        let damage = doc! { "$unset": { "outbox.1.event": true } };
        database.notes().update_one(doc! { "outbox": { "$size": 2 } }, damage).await.unwrap();
        let mut found = Vec::new();
        let mut add = |document: Option<Uuid>, event: &str| found.push((document, event.to_owned()));
        operator.scan_outbox(&["notes"], &mut add).await.unwrap();
        assert_eq!(found, [(Some(id(1)), "\"1.1\"".to_owned()), (Some(id(2)), String::new())]);
    })
    .await;
}

#[tokio::test]
async fn an_abandoned_commit_is_made_and_relayed() {
    on_a_database(async |database| {
        let backend = database.replica().await;
        backend.check().await.unwrap();
        let mut commit = backend.commit(write(1, 1));
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut commit).poll(&mut context).is_pending());
        drop(commit);
        let relayed = tokio::time::timeout(RELAY_TIMEOUT, relay(&backend, 1)).await.expect("it is relayed");
        assert_eq!(relayed, ["\"1.1\""]);
    })
    .await;
}

#[tokio::test]
async fn calls_beyond_the_limit_are_rejected_at_once_and_the_others_are_served() {
    on_a_database(async |database| {
        let backend = database.replica().await;
        backend.check().await.unwrap();
        let reads = (0..600).map(|number| backend.get("notes", id(number)));
        let outcomes = futures::future::join_all(reads).await;
        let rejected = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        assert_eq!(rejected, 600 - 512);
        backend.get("notes", id(1)).await.unwrap();
    })
    .await;
}
