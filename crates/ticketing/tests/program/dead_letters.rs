//! Listing and replaying of dead letters, and listing of unreadable documents.

use std::path::Path;
use std::sync::Arc;

use bus::{DeadLetter, RawEvent};
use common::clock::SystemClock;
use common::event::{TicketSnapshot, TicketStatus};
use common::{Clock, Currency, Decision, Envelope, Event, Ids, Money, SharedClock, SystemEntropy, Time};
use e2e::{Person, Process};
use store::sqlite::SqliteBackend;
use store::{Backend, Change, Format, Put, Store, Write};

use crate::{PROGRAM, assert_eventually, run_command, stdout};

/// The creation of a ticket without a replica in orders.
fn event(ids: &Ids, now: Time) -> Envelope {
    let ticket = TicketSnapshot {
        id: ids.next(),
        title: "Lost in the post".into(),
        venue: None,
        starts_at: None,
        description: None,
        price: Money { amount: 500, currency: Currency::Usd },
        seller_id: ids.next(),
        status: TicketStatus::Available.into(),
        order_id: None,
        reserved_until: None,
        version: 1,
        created_at: now,
        updated_at: now,
        overdue: false,
    };
    let aggregate = ticket.id.into();
    let (id, event) = (ids.next(), Event::TicketCreated(ticket));
    Envelope { id, schema: 1, aggregate, version: 1, time: now, trace: None, event }
}

/// Stores a dead letter of orders.
async fn store_dead_letter(event: RawEvent, ids: &Ids, clock: &SharedClock, data: &Path) -> DeadLetter {
    let backend = SqliteBackend::open(data.join("orders.sqlite")).expect("a database");
    let store = Store::new(backend, Arc::clone(clock), ids.clone());
    let letter = DeadLetter {
        id: ids.next(),
        version: 1,
        event,
        consumer: "orders".into(),
        reason: "a bug".into(),
        attempts: 10,
        failed_at: clock.now(),
        replay_requested: false,
    };
    let letter = store.collection().commit(Decision::without_event(letter)).await.expect("it is kept");
    store.backend().close().await;
    letter
}

fn dead_letters(data: &Path, arguments: &[&str]) -> String {
    let output = run_command(data, &[&["dead-letters"][..], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    stdout(&output)
}

#[tokio::test]
async fn a_dead_letter_is_replayed_by_the_running_marketplace() {
    let data = tempfile::tempdir().expect("a folder");
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let letter =
        store_dead_letter(RawEvent::of(&event(&ids, SystemClock.now())), &ids, &clock, data.path()).await;

    let program = Process::start(PROGRAM, data.path(), &[]);
    let buyer = Person::sign_up(&program.endpoints, "buyer").await;
    let listed = dead_letters(data.path(), &["list"]);
    assert!(listed.contains("a bug") && listed.contains("ticket.created"), "{listed}");
    dead_letters(data.path(), &["replay", &letter.id.to_string()]);

    // After the replay the dead letter is deleted, and orders has a replica of the ticket.
    assert_eventually("the replay", || async {
        dead_letters(data.path(), &["list"]).contains("no dead letters")
    })
    .await;
    let ticket =
        serde_json::json!({ "id": letter.event.aggregate(), "price": { "amount": 500, "currency": "USD" } });
    assert_eq!(buyer.orders(&ticket).await.status, 201);
}

#[tokio::test]
async fn unreadable_documents_and_events_in_the_outbox_and_in_dead_letters_are_listed() {
    let data = tempfile::tempdir().expect("a folder");
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let readable =
        store_dead_letter(RawEvent::of(&event(&ids, clock.now())), &ids, &clock, data.path()).await;
    let unreadable = store_dead_letter(RawEvent::new(b"\x1b[2J\xff"), &ids, &clock, data.path()).await;
    let backend = SqliteBackend::open(data.path().join("orders.sqlite")).expect("a database");
    let id = ids.next();
    let put = Put {
        version: 1,
        format: Format::FIRST,
        body: r#"{"status":"on-hold"}"#.into(),
        keys: Vec::new(),
        unique_keys: Vec::new(),
    };
    let (collection, change) = ("orders", Change::Put(put));
    let aggregate: uuid::Uuid = ids.next();
    let outbox = vec![format!(r#"{{"subject":"order.put-on-hold","aggregate":"{aggregate}"}}"#)];
    let write = Write { collection, id, expected: 0, change, outbox };
    backend.commit(write).await.expect("stored");
    backend.close().await;

    let listed = dead_letters(data.path(), &["list"]);
    for letter in [readable, unreadable] {
        assert!(listed.contains(&letter.id.to_string()), "{listed}");
    }
    let listed = stdout(&run_command(data.path(), &["unreadable", "list"]));
    assert!(listed.contains(&id.to_string()) && listed.contains("`orders`"), "{listed}");
    assert!(listed.contains(&aggregate.to_string()) && listed.contains("`outbox`"), "{listed}");
    assert_eq!(listed.lines().count(), 2, "{listed}");
}
