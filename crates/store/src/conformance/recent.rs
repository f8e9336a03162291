//! Documents that a process remembers after their commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::clock::SimClock;
use common::{Decision, Ids, SeededEntropy};
use futures::future::BoxFuture;
use uuid::Uuid;

use super::draft::id;
use super::typed::{Note, commit, notes, now};
use crate::{Backend, Collection, Intercept, Record, Store, StoreError, UniqueKey, UpdateError};

/// A database that counts the reads by id.
struct CountedReads {
    backend: Arc<dyn Backend>,
    reads: AtomicUsize,
}

impl Intercept for CountedReads {
    fn inner(&self) -> &dyn Backend {
        &*self.backend
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.backend.get(collection, id)
    }
}

/// Raises the rank of a note by one.
async fn raise(notes: &Collection<Note>, number: u128) -> Note {
    let raise = |note: Option<&Note>| {
        note.map(|note| Decision::without_event(Note { rank: note.rank + 1, ..note.next() }))
    };
    notes.apply(id(number), raise).await.expect("committed").expect("a note")
}

pub(super) async fn a_decision_soon_after_a_commit_needs_no_read(backend: Arc<dyn Backend>) {
    let counted = Arc::new(CountedReads { backend, reads: AtomicUsize::new(0) });
    let reads = || counted.reads.swap(0, Ordering::Relaxed);
    let clock = SimClock::starting_at(now());
    let ids = Ids::new(Arc::new(clock.clone()), Arc::new(SeededEntropy::new(1)));
    let store = Store::new(Arc::clone(&counted) as _, Arc::new(clock.clone()), ids);
    let notes = store.collection();
    commit(&notes, Note::new(1)).await;
    raise(&notes, 1).await;
    assert_eq!(
        (raise(&store.collection(), 1).await.rank, reads()),
        (2, 0),
        "nor for another user of the collection"
    );
    assert_eq!((notes.get_recent(id(1)).await.expect("a note").map(|note| note.rank), reads()), (Some(2), 0));
    assert_eq!((notes.get(id(1)).await.expect("a note").map(|note| note.rank), reads()), (Some(2), 1));
    let newest = notes.apply_newer(id(1), |_| None).await.expect("a note");
    assert_eq!((newest.map(|note| note.rank), reads()), (Some(2), 0));
    notes.apply(id(1), |_| None).await.expect("a note");
    assert_eq!(reads(), 1, "that nothing is to change counts for the latest document only");
    clock.advance(Duration::from_mins(1));
    assert_eq!((raise(&notes, 1).await.rank, reads()), (3, 1), "memory forgets");
    notes.remove(&notes.get(id(1)).await.expect("a note").expect("a note")).await.expect("removed");
    assert_eq!(notes.get_recent(id(1)).await.expect("nothing"), None);
}

pub(super) async fn a_document_that_is_about_to_arrive_is_awaited(backend: Arc<dyn Backend>) {
    const TIMEOUT: Duration = Duration::from_secs(30);
    let counted = Arc::new(CountedReads { backend, reads: AtomicUsize::new(0) });
    let counted_backend: Arc<dyn Backend> = Arc::clone(&counted) as _;
    let (one, other) = (notes(&counted_backend), notes(&counted_backend));
    for (number, process) in [(1, &one), (2, &other)] {
        let (found, ()) =
            futures::join!(one.wait_for(id(number), TIMEOUT), commit(process, Note::new(number)));
        assert_eq!(found.expect("the database reads"), Some(Note::new(number)));
    }
    counted.reads.store(0, Ordering::Relaxed);
    let missing = one.wait_for(id(3), Duration::from_millis(200)).await;
    assert_eq!(missing.expect("the database reads"), None);
    let reads = counted.reads.load(Ordering::Relaxed);
    assert!((2..=20).contains(&reads), "{reads} reads in 200 ms");
}

pub(super) async fn an_event_that_creates_a_document_needs_no_read(backend: Arc<dyn Backend>) {
    let counted = Arc::new(CountedReads { backend, reads: AtomicUsize::new(0) });
    let counted_backend: Arc<dyn Backend> = Arc::clone(&counted) as _;
    let create = |note: Option<&Note>| note.is_none().then(|| Decision::without_event(Note::new(1)));
    for (reads, process) in [(0, notes(&counted_backend)), (1, notes(&counted_backend))] {
        let note = process.create_or_apply(id(1), create).await.expect("created once").expect("a note");
        assert_eq!((note.version, counted.reads.swap(0, Ordering::Relaxed)), (1, reads));
    }
}

pub(super) async fn what_another_process_has_committed_decides(backend: Arc<dyn Backend>) {
    let (one, other) = (notes(&backend), notes(&backend));
    commit(&one, Note::new(1)).await;
    raise(&other, 1).await;
    let unless_raised = |note: Option<&Note>| match note {
        Some(note) if note.rank == 0 => Err("not raised yet"),
        _ => Ok(None),
    };
    let latest = one.update(id(1), unless_raised).await.expect("the refusal was that of an outdated note");
    assert_eq!(latest.map(|note| note.rank), Some(1));
    assert_eq!((raise(&one, 1).await.rank, raise(&other, 1).await.rank), (2, 3));
    let refused = one.update(id(1), |_| Err("no")).await;
    assert!(matches!(refused, Err(UpdateError::Refused("no"))), "{refused:?}");
    other.remove(&other.get(id(1)).await.expect("a note").expect("a note")).await.expect("removed");
    let gone = one.apply(id(1), |note| note.map(|note| Decision::without_event(note.next())));
    assert_eq!(gone.await.expect("nothing is left"), None);
}

pub(super) async fn a_recent_document_is_found_by_the_unique_keys_it_holds(backend: Arc<dyn Backend>) {
    let (one, other) = (notes(&backend), notes(&backend));
    let ann = || UniqueKey::new("owner", "ann");
    commit(&one, Note::owned(1, "ann")).await;
    let holder = |notes: Collection<Note>| async move {
        notes.get_recent_by_unique_key(ann()).await.expect("the database reads").map(|note| note.id)
    };
    assert_eq!((holder(one.clone()).await, holder(other.clone()).await), (Some(id(1)), Some(id(1))));
    commit(&one, Note { owner: None, ..Note::owned(1, "ann").next() }).await;
    assert_eq!(holder(one.clone()).await, None);
    commit(&other, Note::owned(2, "ann")).await;
    assert_eq!((holder(one).await, holder(other).await), (Some(id(2)), Some(id(2))));
}
