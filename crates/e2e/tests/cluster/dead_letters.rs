//! The command `dead-letters` of every service.

use std::process::{Command, Output};
use std::sync::Arc;

use bus::{DeadLetter, RawEvent};
use common::clock::SystemClock;
use common::event::DeadlinePassed;
use common::{Decision, Envelope, Event, Ids, SharedClock, SystemEntropy};
use e2e::cluster::programs;
use runtime::open_store;
use servers::{ServerLocation, mongodb};
use store::{Change, Document, Format, Put, Store, Write};
use uuid::Uuid;

use crate::startup::{SERVICES, settings};

/// Stores a dead letter of a service.
async fn store_dead_letter(service: &'static str, url: &str) -> DeadLetter {
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let backend = open_store(service, &url.into(), &clock, &ids).await.expect("a database");
    let store = Store::new(backend, Arc::clone(&clock), ids.clone());
    let event = Event::ExpirationCompleted(DeadlinePassed { order_id: ids.next(), expires_at: clock.now() });
    let (id, aggregate, time) = (ids.next(), ids.next(), clock.now());
    let letter = DeadLetter {
        id: ids.next(),
        version: 1,
        event: RawEvent::of(&Envelope { id, schema: 1, aggregate, version: 1, time, trace: None, event }),
        consumer: service.into(),
        reason: "the moon was full".into(),
        attempts: 10,
        failed_at: time,
        replay_requested: false,
    };
    let letter =
        store.collection().commit(Decision::without_event(letter)).await.expect("the dead letter is stored");
    store.backend().close().await;
    letter
}

fn dead_letters(service: &str, url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(programs().join(service));
    let command = command.arg("dead-letters").args(arguments).envs(settings(url, "nats://127.0.0.1:1"));
    command.output().expect("the program runs")
}

fn unreadable(service: &str, url: &str) -> String {
    let mut command = Command::new(programs().join(service));
    let command = command.args(["unreadable", "list"]).envs(settings(url, "nats://127.0.0.1:1"));
    stdout(&command.output().expect("the program runs"))
}

/// Leaves an event of a newer release in the outbox of a service. Returns its aggregate.
async fn store_unreadable_event(service: &'static str, url: &str) -> Uuid {
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let backend = open_store(service, &url.into(), &clock, &ids).await.expect("a database");
    let (id, aggregate) = (ids.next(), ids.next());
    let (version, format) = (1, Format::FIRST);
    let put = Put { version, format, body: "{}".to_owned(), keys: Vec::new(), unique_keys: Vec::new() };
    let outbox = vec![format!(r#"{{"subject":"order.put-on-hold","aggregate":"{aggregate}"}}"#)];
    let (collection, change) = (DeadLetter::COLLECTION, Change::Put(put));
    let write = Write { collection, id, expected: 0, change, outbox };
    backend.commit(write).await.expect("the event is stored");
    backend.close().await;
    aggregate
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn are_listed_and_replayed(service: &'static str, url: &str) {
    let letter = store_dead_letter(service, url).await;
    let run = |arguments: &[&str]| dead_letters(service, url, arguments);
    let listed = stdout(&run(&["list"]));
    assert!(listed.contains("the moon was full") && listed.contains("expiration.completed"), "{listed}");
    assert!(!listed.contains("to be replayed"), "{listed}");
    let replayed = stdout(&run(&["replay", &letter.id.to_string()]));
    assert!(replayed.starts_with(&format!("{service} will handle it again")), "{replayed}");
    assert!(stdout(&run(&["list"])).contains("to be replayed"));

    assert!(unreadable(service, url).contains("no unreadable documents"));
    let aggregate = store_unreadable_event(service, url).await;
    let listed = unreadable(service, url);
    assert!(listed.contains(&format!("{aggregate} of the collection `outbox`")), "{listed}");

    let unknown = run(&["replay", "0192f0c0-7c1e-7e3a-8000-1234567890ab"]);
    let words = String::from_utf8_lossy(&unknown.stderr);
    assert_eq!(unknown.status.code(), Some(1), "{words}");
    assert!(words.contains("there is no dead letter 0192f0c0-7c1e-7e3a-8000-1234567890ab"), "{words}");
}

#[tokio::test]
async fn every_service_lists_its_dead_letters_and_replays_them() {
    for service in SERVICES {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("db.sqlite").display());
        are_listed_and_replayed(service, &url).await;
    }
}

#[tokio::test]
async fn a_service_on_mongodb_does_so_too() {
    let server = mongodb::start(ServerLocation::default()).expect("MongoDB starts");
    are_listed_and_replayed("orders", &mongodb::with_database(server.url(), "orders")).await;
}
