//! Formats: two releases write the same documents, and documents of former formats are upgraded.

use std::sync::Arc;

use common::Decision;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::draft::{Draft, INDEXES, NOTES, UNIQUE_KEYS, events, get, holder, id, numbers, whole};
use super::typed::{Note, notes, store};
use crate::{Backend, CommitError, Document, Format, Index, Keys, UniqueKey, UpgradeProgress, Verifier};

/// A [`Note`] as the next release stores it: with a seat, which is a unique key, and an index by rank alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct NextNote {
    #[serde(flatten)]
    note: Note,
    #[serde(default)]
    seat: Option<String>,
}

impl NextNote {
    fn new(number: u128, seat: &str) -> Self {
        Self { note: Note::new(number), seat: Some(seat.to_owned()) }
    }

    fn next(&self) -> Self {
        Self { note: self.note.next(), ..self.clone() }
    }
}

impl Document for NextNote {
    const COLLECTION: &'static str = NOTES;
    const FORMAT: u32 = 2;
    const INDEXES: &'static [Index] = INDEXES;
    const UNIQUE_KEYS: &'static [&'static str] = UNIQUE_KEYS;

    fn id(&self) -> Uuid {
        self.note.id
    }

    fn version(&self) -> u64 {
        self.note.version
    }

    fn keys(&self) -> Keys {
        let keys = self.note.keys().ordered("a", [self.note.rank.into()]);
        self.seat.iter().fold(keys, |keys, seat| keys.unique(UniqueKey::new("seat", seat)))
    }
}

async fn upgrade(backend: &Arc<dyn Backend>) -> UpgradeProgress {
    let store = store(backend);
    store.upgrade(Verifier::of::<NextNote>(), |_| true).await.expect("the database answers")
}

/// The documents of each format, as a scan finds them.
async fn formats(backend: &Arc<dyn Backend>) -> Vec<Vec<u128>> {
    let mut found = Vec::new();
    for format in 1..=3 {
        let records = backend.scan(NOTES, Some(format), None, 100).await.expect("the database reads");
        found.push(records.iter().map(|(id, _)| id.as_u128()).collect());
    }
    found
}

pub(super) async fn a_scan_finds_the_documents_that_were_last_written_in_a_format(backend: Arc<dyn Backend>) {
    for number in 1..=6 {
        let format = u32::try_from(number % 3 + 1).expect("small");
        Draft::new(number).format(Format::of(format)).commit(&backend).await;
    }
    assert_eq!(formats(&backend).await, [vec![3, 6], vec![1, 4], vec![2, 5]]);
    Draft::new(3).over(1).format(Format { written: 2, newest: 3 }).commit(&backend).await;
    assert_eq!(formats(&backend).await, [vec![6], vec![1, 3, 4], vec![2, 5]]);
    assert_eq!(get(&backend, 3).await.map(|record| (record.version, record.format)), Some((2, 3)));
    let behind = backend.scan(NOTES, Some(2), Some(id(1)), 1).await.expect("the database reads");
    assert_eq!(behind.iter().map(|(id, _)| id.as_u128()).collect::<Vec<_>>(), [3]);
}

pub(super) async fn fields_of_a_newer_release_survive_the_writes_of_an_older_one(backend: Arc<dyn Backend>) {
    let next = store(&backend).collection::<NextNote>();
    next.commit(Decision::without_event(NextNote::new(1, "12A"))).await.expect("committed");
    // Two processes of the older release, one after the other, since each remembers what it has met.
    for rank in [7, 8] {
        let older = notes(&backend);
        let known = older.get(id(1)).await.expect("readable").expect("a note");
        older.commit(Decision::without_event(Note { rank, ..known.next() })).await.expect("committed");
        let found = next.get(id(1)).await.expect("readable").expect("a note");
        assert_eq!((found.seat.as_deref(), found.note.rank), (Some("12A"), rank));
    }
    // The older release has dropped the keys that it does not know, and the newer one writes them again.
    assert_eq!(holder(&backend, "seat", "12A").await, None);
    assert_eq!(formats(&backend).await, [vec![1], vec![], vec![]]);
    assert_eq!(upgrade(&backend).await, UpgradeProgress { rewritten: 1, left: 0 });
    assert_eq!(holder(&backend, "seat", "12A").await, Some(id(1)));
}

pub(super) async fn an_older_release_changes_what_it_knows_and_nothing_else(backend: Arc<dyn Backend>) {
    let body = json!({
        "id": id(1), "version": 1, "shelf": "a", "rank": 0, "owner": "ann", "tags": ["old"],
        "seat": { "row": 12, "of": ["left", "right"] },
    });
    Draft::new(1).format(Format::of(2)).body(body.to_string()).commit(&backend).await;
    let older = notes(&backend);
    let known = older.get(id(1)).await.expect("readable").expect("a note");
    let changed = Note { owner: None, tags: vec!["new".to_owned()], ..known.next() };
    older.commit(Decision::without_event(changed)).await.expect("committed");
    let stored = get(&backend, 1).await.expect("a note");
    let expected = json!({
        "id": id(1), "version": 2, "shelf": "a", "rank": 0, "owner": null, "tags": ["new"],
        "seat": { "row": 12, "of": ["left", "right"] },
    });
    assert_eq!(serde_json::from_str::<Value>(&stored.body).expect("JSON"), expected);
    assert_eq!((stored.version, stored.format), (2, 2));
}

pub(super) async fn an_upgrade_gives_stored_documents_the_keys_of_this_release(backend: Arc<dyn Backend>) {
    let older = notes(&backend);
    for number in 1..=140 {
        let note = Note { rank: -i64::try_from(number).expect("small"), ..Note::new(number) };
        older.commit(Decision::without_event(note)).await.expect("committed");
    }
    assert_eq!(numbers(&backend, whole("a")).await, []);
    let before = get(&backend, 140).await.expect("a note");
    let store = store(&backend);
    let interrupted = store.upgrade(Verifier::of::<NextNote>(), |_| {
        assert_eq!(store.upgrading(), Some(NOTES), "readiness names the collection");
        false
    });
    let interrupted = interrupted.await.expect("upgraded");
    assert_eq!(store.upgrading(), None);
    assert!((1..140).contains(&interrupted.rewritten), "{interrupted:?}");
    let rest = upgrade(&backend).await;
    assert_eq!((interrupted.rewritten + rest.rewritten, rest.left), (140, 0));
    let expected: Vec<_> = (1..=140).rev().collect();
    assert_eq!(numbers(&backend, whole("a")).await, expected);
    let after = get(&backend, 140).await.expect("a note");
    assert_eq!((after.version, after.format), (before.version, 2));
    assert!(events(&backend).await.is_empty(), "an upgrade publishes nothing");
    assert_eq!(upgrade(&backend).await, UpgradeProgress::default(), "nothing is left to do");
    // A decision on the document as it was before the upgrade is made again on the upgraded one.
    let note: Note = serde_json::from_str(&before.body).expect("a note");
    let outdated = older.commit(Decision::without_event(note.next())).await;
    assert!(matches!(outdated, Err(CommitError::Conflict)), "{outdated:?}");
    let raise = |note: Option<&Note>| note.map(|note| Decision::without_event(note.next()));
    for from_memory in [false, true] {
        let (version, attempt) = if from_memory {
            (3, older.apply(id(140), raise).await)
        } else {
            (2, older.apply_from(&note, raise).await)
        };
        assert_eq!(attempt.expect("it is read again").map(|note| note.version), Some(version));
        let stored = get(&backend, 140).await.expect("a note");
        assert_eq!((stored.version, stored.format), (version, 2), "the newer fields are kept");
    }
}

pub(super) async fn an_upgrade_leaves_unreadable_documents_and_duplicate_keys_alone(
    backend: Arc<dyn Backend>,
) {
    for number in 1..=3 {
        let body = serde_json::to_value(NextNote::new(number, "12A")).expect("JSON");
        Draft::new(number).body(body.to_string()).commit(&backend).await;
    }
    Draft::new(4).body(r#"{"status":"on-hold"}"#).commit(&backend).await;
    for _ in 0..2 {
        let UpgradeProgress { left, .. } = upgrade(&backend).await;
        assert_eq!(left, 3, "two duplicates, and one that this release cannot parse");
    }
    let seated = holder(&backend, "seat", "12A").await.expect("one of them holds the key");
    let outdated: Vec<_> = (1..=4).filter(|number| id(*number) != seated).collect();
    assert_eq!(formats(&backend).await[0], outdated);
    let next = store(&backend).collection::<NextNote>();
    let winner = next.get(seated).await.expect("readable").expect("a note");
    let moved = NextNote { seat: Some("1C".to_owned()), ..winner.next() };
    next.commit(Decision::without_event(moved)).await.expect("committed");
    assert_eq!(upgrade(&backend).await, UpgradeProgress { rewritten: 1, left: 2 }, "the key is free again");
}
