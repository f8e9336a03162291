//! Several replicas of a service on one database.

use std::time::Duration;

use common::Time;
use common::clock::SimClock;
use std::sync::Arc;
use store::{Backend, CommitError, StoreError, UniqueKey};

use crate::support::{NOTES, has_tombstone, id, on_a_database, publish_all, published, put, removal, write};

/// Longer than the takeover delay and the sweep interval.
const LATER: Duration = Duration::from_secs(30);

fn clock() -> SimClock {
    SimClock::starting_at(Time::from_millis(1_800_000_000_000))
}

#[tokio::test]
async fn each_replica_relays_what_it_committed_itself() {
    on_a_database(async |database| {
        let (one, other) = (database.replica().await, database.replica().await);
        one.commit(write(1, 1)).await.unwrap();
        other.commit(write(2, 1)).await.unwrap();
        one.commit(write(2, 2)).await.unwrap();
        assert_eq!(published(&one).await, ["1.1", "2.2"]);
        assert_eq!(published(&other).await, ["2.1"]);
    })
    .await;
}

#[tokio::test]
async fn events_of_a_crashed_replica_are_taken_over_in_order_after_a_delay() {
    on_a_database(async |database| {
        let clock = clock();
        let crashed = database.replica_by(Arc::new(clock.clone())).await;
        for (number, version) in [(1, 1), (2, 1), (1, 2), (1, 3)] {
            crashed.commit(write(number, version)).await.unwrap();
        }
        drop(crashed);
        let successor = database.replica_by(Arc::new(clock.clone())).await;
        assert_eq!(published(&successor).await, [""; 0], "the events may be in flight");
        clock.advance(LATER);
        let mut taken = published(&successor).await;
        taken.sort();
        assert_eq!(taken, ["1.1", "1.2", "1.3", "2.1"]);
        let entries = successor.outbox(0, 100).await.unwrap();
        let of_one: Vec<_> = entries.iter().filter(|entry| entry.event.starts_with("\"1.")).collect();
        assert!(of_one.is_sorted_by_key(|entry| &entry.event) && of_one.len() == 3, "{of_one:?}");
        publish_all(&successor).await;
        successor.close().await;
        assert_eq!(database.pending().await, 0);
    })
    .await;
}

#[tokio::test]
async fn events_that_one_replica_published_no_other_publishes_again() {
    on_a_database(async |database| {
        let clock = clock();
        let one = database.replica_by(Arc::new(clock.clone())).await;
        one.commit(write(1, 1)).await.unwrap();
        publish_all(&one).await;
        one.commit(write(1, 2)).await.unwrap();
        one.close().await;
        assert_eq!(database.pending().await, 1);
        clock.advance(LATER);
        let other = database.replica_by(Arc::new(clock)).await;
        assert_eq!(published(&other).await, ["1.2"]);
    })
    .await;
}

#[tokio::test]
async fn a_unique_key_moves_from_replica_to_replica() {
    on_a_database(async |database| {
        let (one, other) = (database.replica().await, database.replica().await);
        let ann = || vec![UniqueKey::new("name", "ann")];
        one.commit(put(1, 1, Vec::new(), ann())).await.unwrap();
        let taken = other.commit(put(2, 1, Vec::new(), ann())).await;
        assert!(matches!(taken, Err(CommitError::DuplicateKey("name"))), "{taken:?}");
        let stale = other.commit(put(1, 1, Vec::new(), Vec::new())).await;
        assert!(matches!(stale, Err(CommitError::Conflict)), "{stale:?}");
        other.commit(put(1, 2, Vec::new(), Vec::new())).await.unwrap();
        other.commit(put(2, 1, Vec::new(), ann())).await.unwrap();
        let holder = one.get_by_unique_key(NOTES, UniqueKey::new("name", "ann")).await.unwrap();
        assert_eq!(holder.map(|record| record.id), Some(id(2)));
    })
    .await;
}

#[tokio::test]
async fn a_document_that_is_removed_before_its_events_are_published_keeps_them() {
    on_a_database(async |database| {
        let clock = clock();
        let crashed = database.replica_by(Arc::new(clock.clone())).await;
        crashed.commit(write(1, 1)).await.unwrap();
        crashed.commit(removal(1, 1, Vec::new())).await.unwrap();
        assert_eq!(crashed.get(NOTES, id(1)).await.unwrap(), None);
        assert!(has_tombstone(database).await);
        let twice = crashed.commit(removal(1, 1, Vec::new())).await;
        assert!(matches!(twice, Err(CommitError::Conflict)), "{twice:?}");
        crashed.commit(write(1, 1)).await.unwrap();
        assert!(!has_tombstone(database).await);
        crashed.commit(removal(1, 1, vec!["\"1.gone\"".into()])).await.unwrap();
        assert_eq!(published(&crashed).await, ["1.1", "1.1", "1.gone"]);
        drop(crashed);
        clock.advance(LATER);
        let successor = database.replica_by(Arc::new(clock.clone())).await;
        assert_eq!(published(&successor).await, ["1.1", "1.1", "1.gone"]);
        publish_all(&successor).await;
        successor.close().await;
        let next = database.replica_by(Arc::new(clock)).await;
        assert_eq!(published(&next).await, [""; 0]);
        assert!(!has_tombstone(database).await, "the tombstone is deleted");
    })
    .await;
}

#[tokio::test]
async fn what_a_type_does_not_declare_is_refused() {
    on_a_database(async |database| {
        let replica = database.replica().await;
        let keys = vec![UniqueKey::new("undeclared", "1")];
        let refused = replica.commit(put(1, 1, Vec::new(), keys)).await;
        assert!(matches!(refused, Err(CommitError::Store(StoreError::Unreadable(_)))), "{refused:?}");
        let refused = replica.get_by_unique_key(NOTES, UniqueKey::new("undeclared", "1")).await;
        assert!(matches!(refused, Err(StoreError::Unreadable(_))), "{refused:?}");
        assert_eq!(replica.get(NOTES, id(1)).await.unwrap(), None);
    })
    .await;
}
