//! An event that a service once could not handle is shown, and handled again when somebody asks for it.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bus::DeadLetter;
use common::clock::SystemClock;
use common::event::{TicketSnapshot, TicketStatus};
use common::{
    Clock, Currency, Decision, Envelope, Event, Ids, Money, SharedClock, SystemEntropy, Time, poll_until,
};
use e2e::{Person, Process};
use store::Store;
use store::sqlite::SqliteBackend;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ticketing");

/// A ticket of which orders has never heard.
fn event(ids: &Ids, now: Time) -> Envelope {
    let ticket = TicketSnapshot {
        id: ids.next(),
        title: "Lost in the post".into(),
        venue: None,
        starts_at: None,
        description: None,
        price: Money { amount: 500, currency: Currency::Usd },
        seller_id: ids.next(),
        status: TicketStatus::Available,
        order_id: None,
        reserved_until: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let aggregate = ticket.id.into();
    let (id, event) = (ids.next(), Event::TicketCreated(ticket));
    Envelope { id, schema: 1, aggregate, version: 1, time: now, trace: None, event }
}

/// Leaves a dead letter with orders.
async fn give_up_on(event: Envelope, ids: &Ids, clock: &SharedClock, data: &Path) -> DeadLetter {
    let backend = SqliteBackend::open(data.join("orders.sqlite")).expect("a database");
    let store = Store::new(backend, Arc::clone(clock), ids.clone());
    let letter = DeadLetter {
        id: ids.next(),
        version: 1,
        event,
        consumer: "orders".into(),
        reason: "the moon was full".into(),
        attempts: 10,
        failed_at: clock.now(),
        replay_requested: false,
    };
    let letter = store.collection().commit(Decision::without_event(letter)).await.expect("it is kept");
    store.backend().close().await;
    letter
}

fn dead_letters(data: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(PROGRAM);
    let output = command.arg("--data-dir").arg(data).arg("dead-letters").args(arguments).output();
    let output = output.expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn a_dead_letter_is_replayed_by_the_running_marketplace() {
    let data = tempfile::tempdir().expect("a folder");
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let letter = give_up_on(event(&ids, SystemClock.now()), &ids, &clock, data.path()).await;

    let program = Process::start(PROGRAM, data.path(), &[]);
    let buyer = Person::sign_up(&program.endpoints, "buyer").await;
    let listed = dead_letters(data.path(), &["list"]);
    assert!(listed.contains("the moon was full") && listed.contains("ticket.created"), "{listed}");
    dead_letters(data.path(), &["replay", &letter.id.to_string()]);

    // Once it is handled, orders knows the ticket and the dead letter is gone.
    let gone = poll_until(Duration::from_secs(90), || async {
        let gone = dead_letters(data.path(), &["list"]).contains("no dead letters");
        Ok::<_, ()>(gone.then_some(()))
    });
    assert_eq!(gone.await, Ok(Some(())), "it was not replayed");
    let ticket =
        serde_json::json!({ "id": letter.event.aggregate, "price": { "amount": 500, "currency": "USD" } });
    assert_eq!(buyer.orders(&ticket).await.status, 201);
}
