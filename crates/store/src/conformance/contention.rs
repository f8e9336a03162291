//! Many concurrent writers.

use std::sync::Arc;

use common::Decision;
use tokio::task::JoinSet;

use super::draft::{Draft, get, id};
use super::typed::{Note, store};
use crate::{Backend, CommitError};

const WRITERS: u32 = 32;

pub(super) async fn no_update_of_many_writers_is_lost(backend: Arc<dyn Backend>) {
    let notes = store(&backend).collection::<Note>();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let notes = notes.clone();
        writers.spawn(async move {
            let add = |note: Option<&Note>| {
                let mut next = note.map_or_else(|| Note::new(1), Note::next);
                next.tags.push(writer.to_string());
                Some(Decision::without_event(next))
            };
            notes.apply(id(1), add).await.expect("the update succeeds");
        });
    }
    writers.join_all().await;
    let note = notes.get(id(1)).await.expect("the database reads").expect("the note is there");
    let mut writers: Vec<u32> = note.tags.iter().filter_map(|tag| tag.parse().ok()).collect();
    writers.sort_unstable();
    assert!(writers.iter().copied().eq(0..WRITERS), "{writers:?}");
    assert_eq!(note.version, u64::from(WRITERS));
}

pub(super) async fn of_many_inserts_of_one_document_exactly_one_wins(backend: Arc<dyn Backend>) {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let backend = Arc::clone(&backend);
        writers.spawn(async move {
            match backend.commit(Draft::new(1).body(writer.to_string()).put()).await {
                Ok(()) => Some(writer.to_string()),
                Err(CommitError::Conflict) => None,
                Err(other) => panic!("won or lost, not {other:?}"),
            }
        });
    }
    let winners: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(get(&backend, 1).await.map(|record| record.body).as_ref(), winners.first());
}

pub(super) async fn a_read_after_a_commit_sees_it(backend: Arc<dyn Backend>) {
    let mut writers = JoinSet::new();
    for writer in 1..=8 {
        let backend = Arc::clone(&backend);
        writers.spawn(async move {
            for version in 0..25 {
                Draft::new(writer).over(version).commit(&backend).await;
                let seen = get(&backend, writer).await.map(|record| record.version);
                assert_eq!(seen, Some(version + 1), "of {writer}");
            }
        });
    }
    writers.join_all().await;
}
