//! Several replicas of a service on one database.

use std::time::Duration;

use common::Time;
use common::clock::SimClock;
use std::sync::Arc;
use store::{Backend, StoreError, UniqueKey, WriteError};

use crate::support::{NOTES, announced, has_tombstone, id, on_a_database, put, removal, send_all, write};

/// Longer than an entry is left to the replica that committed it, and than between two looks at the documents.
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
        assert_eq!(announced(&one).await, ["1.1", "2.2"]);
        assert_eq!(announced(&other).await, ["2.1"]);
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_replica_left_is_taken_over_in_order_after_a_grace() {
    on_a_database(async |database| {
        let clock = clock();
        let dead = database.replica_by(Arc::new(clock.clone())).await;
        for (number, version) in [(1, 1), (2, 1), (1, 2), (1, 3)] {
            dead.commit(write(number, version)).await.unwrap();
        }
        drop(dead);
        let heir = database.replica_by(Arc::new(clock.clone())).await;
        assert_eq!(announced(&heir).await, [""; 0], "it may be on its way");
        clock.advance(LATER);
        let mut taken = announced(&heir).await;
        taken.sort();
        assert_eq!(taken, ["1.1", "1.2", "1.3", "2.1"]);
        let entries = heir.outbox(0, 100).await.unwrap();
        let of_one: Vec<_> = entries.iter().filter(|entry| entry.event.starts_with("\"1.")).collect();
        assert!(of_one.is_sorted_by_key(|entry| &entry.event) && of_one.len() == 3, "{of_one:?}");
        send_all(&heir).await;
        heir.close().await;
        assert_eq!(database.pending().await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_one_replica_sent_no_other_sends_again() {
    on_a_database(async |database| {
        let clock = clock();
        let one = database.replica_by(Arc::new(clock.clone())).await;
        one.commit(write(1, 1)).await.unwrap();
        send_all(&one).await;
        one.commit(write(1, 2)).await.unwrap();
        one.close().await;
        assert_eq!(database.pending().await, 1);
        clock.advance(LATER);
        let other = database.replica_by(Arc::new(clock)).await;
        assert_eq!(announced(&other).await, ["1.2"]);
    })
    .await;
}

#[tokio::test]
async fn a_claim_moves_from_replica_to_replica() {
    on_a_database(async |database| {
        let (one, other) = (database.replica().await, database.replica().await);
        let ann = || vec![UniqueKey::new("name", "ann")];
        one.commit(put(1, 1, Vec::new(), ann())).await.unwrap();
        let taken = other.commit(put(2, 1, Vec::new(), ann())).await;
        assert!(matches!(taken, Err(WriteError::DuplicateKey("name"))), "{taken:?}");
        let stale = other.commit(put(1, 1, Vec::new(), Vec::new())).await;
        assert!(matches!(stale, Err(WriteError::Conflict)), "{stale:?}");
        other.commit(put(1, 2, Vec::new(), Vec::new())).await.unwrap();
        other.commit(put(2, 1, Vec::new(), ann())).await.unwrap();
        let holder = one.get_by_unique_key(NOTES, UniqueKey::new("name", "ann")).await.unwrap();
        assert_eq!(holder.map(|record| record.id), Some(id(2)));
    })
    .await;
}

#[tokio::test]
async fn a_document_that_is_removed_before_its_events_are_sent_keeps_them() {
    on_a_database(async |database| {
        let clock = clock();
        let dead = database.replica_by(Arc::new(clock.clone())).await;
        dead.commit(write(1, 1)).await.unwrap();
        dead.commit(removal(1, 1, Vec::new())).await.unwrap();
        assert_eq!(dead.get(NOTES, id(1)).await.unwrap(), None);
        assert!(has_tombstone(database).await);
        let twice = dead.commit(removal(1, 1, Vec::new())).await;
        assert!(matches!(twice, Err(WriteError::Conflict)), "{twice:?}");
        dead.commit(write(1, 1)).await.unwrap();
        assert!(!has_tombstone(database).await);
        dead.commit(removal(1, 1, vec!["\"1.gone\"".into()])).await.unwrap();
        assert_eq!(announced(&dead).await, ["1.1", "1.1", "1.gone"]);
        drop(dead);
        clock.advance(LATER);
        let heir = database.replica_by(Arc::new(clock.clone())).await;
        assert_eq!(announced(&heir).await, ["1.1", "1.1", "1.gone"]);
        send_all(&heir).await;
        heir.close().await;
        let next = database.replica_by(Arc::new(clock)).await;
        assert_eq!(announced(&next).await, [""; 0]);
        assert!(!has_tombstone(database).await, "nothing is left of it");
    })
    .await;
}

#[tokio::test]
async fn what_a_type_does_not_declare_is_refused() {
    on_a_database(async |database| {
        let replica = database.replica().await;
        let claims = vec![UniqueKey::new("undeclared", "1")];
        let refused = replica.commit(put(1, 1, Vec::new(), claims)).await;
        assert!(matches!(refused, Err(WriteError::Store(StoreError::Unreadable(_)))), "{refused:?}");
        let refused = replica.get_by_unique_key(NOTES, UniqueKey::new("undeclared", "1")).await;
        assert!(matches!(refused, Err(StoreError::Unreadable(_))), "{refused:?}");
        assert_eq!(replica.get(NOTES, id(1)).await.unwrap(), None);
    })
    .await;
}
