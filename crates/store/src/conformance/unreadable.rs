//! Unreadable documents: of a newer release, or edited by hand. None hides another document.

use std::sync::Arc;

use super::draft::{Draft, LETTERS, NOTES, id};
use super::typed::{Note, notes, store};
use crate::{Backend, Range, RangeQuery, StoreError, Verifier};

/// Notes of these numbers on the shelf `a`, by their number. Those in `unreadable` have a status of a newer release, or
/// are no objects.
async fn plant(backend: &Arc<dyn Backend>, numbers: std::ops::RangeInclusive<u128>, unreadable: &[u128]) {
    for number in numbers {
        let rank = i64::try_from(number).expect("a small number");
        let body = match (unreadable.contains(&number), number % 2) {
            (true, 0) => r#"{"status":"on-hold"}"#.to_owned(),
            (true, _) => "[1]".to_owned(),
            (false, _) => serde_json::to_string(&Note::new(number)).expect("JSON"),
        };
        Draft::new(number).body(body).key("shelf", ["a".into(), rank.into()]).commit(backend).await;
    }
}

fn shelf() -> Range {
    Range::of("shelf", ["a".into()])
}

fn numbers(notes: &[Note]) -> Vec<u128> {
    notes.iter().map(|note| note.id.as_u128()).collect()
}

pub(super) async fn an_unreadable_document_hides_no_other(backend: Arc<dyn Backend>) {
    plant(&backend, 1..=6, &[1, 4, 6]).await;
    let notes = notes(&backend);
    let page = notes.page(shelf()).await.expect("the database reads");
    assert_eq!((numbers(&page.items), page.next), (vec![2, 3, 5], None));
    assert_eq!(page.unreadable, [id(1), id(4), id(6)]);
    let page = notes.page(shelf().descending()).await.expect("the database reads");
    assert_eq!((numbers(&page.items), page.next), (vec![5, 3, 2], None));
    let page = notes.search(shelf(), 1000, |note| note.id != id(3)).await.expect("the database reads");
    assert_eq!((numbers(&page.items), page.unreadable.len()), (vec![2, 5], 3));
}

pub(super) async fn a_page_is_filled_past_unreadable_documents(backend: Arc<dyn Backend>) {
    plant(&backend, 1..=9, &[1, 2, 3, 5, 9]).await;
    let notes = notes(&backend);
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = notes.page(shelf().limit(2).after(cursor)).await.expect("the database reads");
        pages.push((numbers(&page.items), page.unreadable.len()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, [(vec![4, 6], 4), (vec![7, 8], 0), (vec![], 1)]);
}

pub(super) async fn a_page_behind_many_unreadable_documents_leads_on_and_a_batch_is_filled(
    backend: Arc<dyn Backend>,
) {
    let unreadable: Vec<_> = (1..=1200).collect();
    plant(&backend, 1..=1201, &unreadable).await;
    let notes = notes(&backend);
    let page = notes.page(shelf().limit(1)).await.expect("the database reads");
    assert!(page.items.is_empty() && page.next.is_some(), "{} unreadable", page.unreadable.len());
    let rest = notes.page(shelf().limit(1).after(page.next)).await.expect("the database reads");
    assert_eq!(numbers(&rest.items), [1201]);
    assert_eq!(page.unreadable.len() + rest.unreadable.len(), 1200);
    let batch = notes.batch(shelf().limit(1)).await.expect("the database reads");
    assert_eq!((numbers(&batch.items), batch.next), (vec![1201], None));
}

pub(super) async fn an_unreadable_document_is_no_absent_one(backend: Arc<dyn Backend>) {
    plant(&backend, 1..=2, &[1]).await;
    let notes = notes(&backend);
    let got = notes.get(id(1)).await;
    let Err(StoreError::Unreadable(reason)) = got else { panic!("unreadable, not {got:?}") };
    let reason = reason.to_string();
    assert!(reason.contains(NOTES) && reason.contains(&id(1).to_string()), "{reason}");
    assert_eq!(notes.get_if_readable(id(1)).await.expect("the database reads"), None);
    assert_eq!(numbers(notes.get_if_readable(id(2)).await.expect("reads").as_slice()), [2]);
    let page = notes.page(shelf()).await.expect("the database reads");
    assert!(matches!(page.complete(), Err(StoreError::Unreadable(_))));
    // No update replaces a document that this release does not understand.
    assert!(notes.apply(id(1), |_| unreachable!("nothing can be decided")).await.is_err());
}

pub(super) async fn a_scan_finds_every_document_of_a_collection_by_id(backend: Arc<dyn Backend>) {
    plant(&backend, 1..=7, &[2, 3]).await;
    Draft::new(4).in_collection(LETTERS).commit(&backend).await;
    let (mut met, mut after) = (Vec::new(), None);
    loop {
        let records = backend.scan(NOTES, None, after, 3).await.expect("the database reads");
        let Some((last, _)) = records.last() else { break };
        after = Some(*last);
        for (found, record) in &records {
            assert_eq!(record.as_ref().expect("an intact row").id, *found);
            met.push(found.as_u128());
        }
    }
    assert_eq!(met, [1, 2, 3, 4, 5, 6, 7]);
    let mut found = Vec::new();
    let store = store(&backend);
    let verified = store.find_unreadable(Verifier::of::<Note>(), |document| found.push(document.id));
    verified.await.expect("the database reads");
    assert_eq!(found, [id(2), id(3)]);
    assert_eq!(RangeQuery::id_of(&RangeQuery::cursor(b"key", id(7))), id(7));
}
