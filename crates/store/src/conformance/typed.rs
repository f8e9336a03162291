//! Typed collections and queries, as services use them.

use std::sync::Arc;

use common::clock::SimClock;
use common::event::DeadlinePassed;
use common::{Decision, Envelope, Event, Ids, OrderId, SeededEntropy, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::draft::{INDEXES, NOTES, UNIQUE_KEYS, events, id};
use crate::{
    Backend, Collection, CommitError, Document, Index, Keys, Page, Range, Store, UniqueKey, UpdateError,
};

/// The time of the clock.
pub(super) fn now() -> Time {
    Time::from_millis(1_795_000_000_000)
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) id: Uuid,
    pub(super) version: u64,
    pub(super) shelf: String,
    pub(super) rank: i64,
    pub(super) owner: Option<String>,
    pub(super) tags: Vec<String>,
}

impl Note {
    pub(super) fn new(number: u128) -> Self {
        let (shelf, owner, tags) = ("a".to_owned(), None, Vec::new());
        Self { id: id(number), version: 1, shelf, rank: 0, owner, tags }
    }

    /// The same in the next version.
    pub(super) fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }

    fn ranked(number: u128, shelf: &str, rank: i64) -> Self {
        Self { shelf: shelf.to_owned(), rank, ..Self::new(number) }
    }

    pub(super) fn owned(number: u128, owner: &str) -> Self {
        Self { owner: Some(owner.to_owned()), ..Self::new(number) }
    }
}

impl Document for Note {
    const COLLECTION: &'static str = NOTES;
    const IS_REMEMBERED: bool = true;
    const INDEXES: &'static [Index] = INDEXES;
    const UNIQUE_KEYS: &'static [&'static str] = UNIQUE_KEYS;

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let keys = Keys::none().ordered("shelf", [self.shelf.as_str().into(), self.rank.into()]);
        self.owner.iter().fold(keys, |keys, owner| keys.unique(UniqueKey::new("owner", owner)))
    }
}

/// A store with a stopped clock.
pub(super) fn store(backend: &Arc<dyn Backend>) -> Store {
    let clock = Arc::new(SimClock::starting_at(now()));
    let ids = Ids::new(clock.clone(), Arc::new(SeededEntropy::new(1)));
    Store::new(Arc::clone(backend), clock, ids)
}

pub(super) fn notes(backend: &Arc<dyn Backend>) -> Collection<Note> {
    store(backend).collection()
}

pub(super) async fn commit(notes: &Collection<Note>, note: Note) {
    notes.commit(Decision::without_event(note)).await.expect("the note is accepted");
}

pub(super) async fn a_decision_is_stored_with_its_events(backend: Arc<dyn Backend>) {
    let notes = notes(&backend);
    let passed = |number| {
        Event::ExpirationCompleted(DeadlinePassed { order_id: OrderId::from(id(number)), expires_at: now() })
    };
    let next = Note::owned(1, "ann");
    let decision = Decision { next: next.clone(), events: vec![passed(7), passed(8)] };
    assert_eq!(notes.commit(decision).await.expect("the decision is accepted"), next);
    assert_eq!(notes.get(id(1)).await.expect("the database reads"), Some(next.clone()));
    let holder = notes.get_by_unique_key(UniqueKey::new("owner", "ann")).await.expect("the database reads");
    assert_eq!(holder, Some(next));
    let envelopes: Vec<Envelope> = events(&backend)
        .await
        .iter()
        .map(|event| serde_json::from_str(event).expect("the event is an envelope"))
        .collect();
    assert!(envelopes.iter().map(|envelope| &envelope.event).eq(&[passed(7), passed(8)]), "{envelopes:?}");
    for envelope in envelopes {
        assert_eq!((envelope.aggregate, envelope.version, envelope.time), (id(1), 1, now()));
    }
}

pub(super) async fn an_update_without_a_decision_writes_nothing(backend: Arc<dyn Backend>) {
    let notes = notes(&backend);
    let nothing = |_: Option<&Note>| None;
    assert_eq!(notes.apply(id(1), nothing).await.expect("nothing happens"), None);
    commit(&notes, Note::new(1)).await;
    let revision = notes.revision();
    assert_eq!(notes.apply(id(1), nothing).await.expect("nothing happens"), Some(Note::new(1)));
    assert_eq!(notes.revision(), revision);
}

pub(super) async fn an_update_from_an_outdated_document_is_decided_on_the_latest(backend: Arc<dyn Backend>) {
    let notes = notes(&backend);
    let first = Note::new(1);
    commit(&notes, first.clone()).await;
    let raise = |note: Option<&Note>| {
        let raised = note.map(|note| Note { rank: note.rank + 1, ..note.next() });
        raised.map(Decision::without_event)
    };
    let second = notes.apply_from(&first, raise).await.expect("it is the latest").expect("a note");
    assert_eq!((second.version, second.rank), (2, 1));
    let third = notes.apply_from(&first, raise).await.expect("it is read again").expect("a note");
    assert_eq!((third.version, third.rank), (3, 2));
    // No decision on an outdated document is repeated on the latest.
    let only_the_third = |note: Option<&Note>| {
        let third = note.filter(|note| note.version == 3);
        third.map(|note| Decision::without_event(note.next()))
    };
    let fourth = notes.apply_from(&second, only_the_third).await.expect("it is read again");
    assert_eq!(fourth, Some(third.next()));
    notes.remove(&third.next()).await.expect("it is the latest");
    let gone = notes.apply_from(&third, |note| note.map(|note| Decision::without_event(note.next())));
    assert_eq!(gone.await.expect("no decision is needed"), None);
}

pub(super) async fn a_refusal_and_a_duplicate_key_reach_the_caller(backend: Arc<dyn Backend>) {
    let notes = notes(&backend);
    commit(&notes, Note::owned(1, "ann")).await;
    let refused = notes.update(id(1), |_| Err("no")).await;
    assert!(matches!(refused, Err(UpdateError::Refused("no"))), "{refused:?}");
    let rival = |_: Option<&Note>| Some(Decision::without_event(Note::owned(2, "ann")));
    let taken = notes.apply(id(2), rival).await;
    assert!(matches!(taken, Err(CommitError::DuplicateKey("owner"))), "{taken:?}");
    let again = notes.commit(Decision::without_event(Note::new(1))).await;
    assert!(matches!(again, Err(CommitError::Conflict)), "{again:?}");
    notes.remove(&Note::owned(1, "ann")).await.expect("the removal is accepted");
    assert_eq!(notes.get(id(1)).await.expect("the database reads"), None);
}

pub(super) async fn a_raised_version_replaces_the_expected_one_and_no_other(backend: Arc<dyn Backend>) {
    let notes = notes(&backend);
    let raised = |number, version| Decision::without_event(Note { version, ..Note::new(number) });
    commit(&notes, Note::new(1)).await;
    notes.commit_over(1, raised(1, 1 << 52)).await.expect("the expected version is stored");
    let outdated = notes.commit_over(1, raised(1, (1 << 52) + 1)).await;
    assert!(matches!(outdated, Err(CommitError::Conflict)), "{outdated:?}");
    notes.commit_over(0, raised(2, 1 << 52)).await.expect("the document is new");
    let known = notes.commit_over(0, raised(2, (1 << 52) + 1)).await;
    assert!(matches!(known, Err(CommitError::Conflict)), "{known:?}");
    for number in [1, 2] {
        let note = notes.get(id(number)).await.expect("the database reads").expect("a note");
        assert_eq!(note.version, 1 << 52);
        commit(&notes, note.next()).await;
    }
}

pub(super) async fn a_page_leads_to_the_next_one(backend: Arc<dyn Backend>) {
    let notes = notes(&backend);
    for number in 1..=7_u8 {
        commit(&notes, Note::ranked(number.into(), "a", number.into())).await;
    }
    let range = Range::of("shelf", ["a".into()]).descending().limit(3);
    let (mut after, mut ranks, mut pages) = (None, Vec::new(), 0);
    loop {
        let page = notes.page(range.clone().after(after)).await.expect("the database reads");
        ranks.extend(page.items.iter().map(|note| note.rank));
        pages += 1;
        assert!(pages < 100, "the walk comes to an end: {ranks:?}");
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((pages, ranks), (3, vec![7, 6, 5, 4, 3, 2, 1]));
    let exact = notes.page(range.limit(7)).await.expect("the database reads");
    assert!(exact.next.is_none() && exact.items.len() == 7, "a full last page is the last");
}

pub(super) async fn a_page_keeps_to_its_prefix_and_bounds(backend: Arc<dyn Backend>) {
    let notes = notes(&backend);
    let entries = [("a", 1), ("a", 2), ("a", 3), ("a", 4), ("aa", 2), ("b", 2)];
    for (number, (shelf, rank)) in (1..).zip(entries) {
        commit(&notes, Note::ranked(number, shelf, rank)).await;
    }
    let shelf = Range::of("shelf", ["a".into()]);
    let between = shelf.clone().at_least(["a".into(), 2.into()]).at_most(["a".into(), 3.into()]);
    for (range, expected) in [
        (shelf.clone(), vec![1, 2, 3, 4]),
        (between.clone(), vec![2, 3]),
        (between.descending(), vec![3, 2]),
        (Range::of("shelf", []), vec![1, 2, 3, 4, 5, 6]),
        (Range::of("shelf", ["c".into()]), vec![]),
    ] {
        let page = notes.page(range.clone()).await.expect("the database reads");
        let found: Vec<_> = page.items.iter().map(|note| note.id.as_u128()).collect();
        assert_eq!(found, expected, "{range:?}");
    }
}

fn ranks(page: &Page<Note>) -> Vec<i64> {
    page.items.iter().map(|note| note.rank).collect()
}

pub(super) async fn a_search_finds_what_matches_and_leads_to_the_rest(backend: Arc<dyn Backend>) {
    let notes = notes(&backend);
    for number in 1..=100_u8 {
        commit(&notes, Note::ranked(number.into(), "a", number.into())).await;
    }
    let tens = |note: &Note| note.rank % 10 == 0;
    for (limit, first, rest) in [(3, vec![10, 20, 30], 7), (10, (1..=10).map(|ten| ten * 10).collect(), 0)] {
        let range = Range::of("shelf", ["a".into()]).limit(limit);
        let page = notes.search(range.clone(), 1000, tens).await.expect("the database reads");
        assert_eq!((ranks(&page), page.next.is_none()), (first, rest == 0));
        let Some(next) = page.next else { continue };
        // A document inserted before the cursor is not found.
        commit(&notes, Note::ranked(101, "a", 20)).await;
        let range = range.after(Some(next)).limit(100);
        let page = notes.search(range, 1000, tens).await.expect("the database reads");
        assert_eq!((page.items.len(), page.next), (rest, None));
        notes.remove(&Note::ranked(101, "a", 20)).await.expect("the removal is accepted");
    }
}

pub(super) async fn a_search_scans_a_bounded_number_and_leads_on(backend: Arc<dyn Backend>) {
    let notes = notes(&backend);
    for number in 1..=100_u8 {
        commit(&notes, Note::ranked(number.into(), "a", number.into())).await;
    }
    for (limit, max_scanned) in [(2, 1), (2, 7), (1, 33), (5, 99), (5, 100)] {
        let (mut found, mut pages, mut cursor) = (Vec::new(), 0, None);
        loop {
            let range = Range::of("shelf", ["a".into()]).descending().after(cursor).limit(limit);
            let matches = |note: &Note| matches!(note.rank, 1 | 50 | 51);
            let page = notes.search(range, max_scanned, matches).await.expect("the database reads");
            assert!(page.items.len() <= limit);
            found.extend(ranks(&page));
            pages += 1;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, [51, 50, 1], "{limit}, {max_scanned}");
        assert!(pages >= 100 / max_scanned, "{limit}, {max_scanned}: {pages} pages");
    }
}
