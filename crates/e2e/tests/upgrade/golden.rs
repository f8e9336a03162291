//! Golden databases: what each release has stored stays usable for ever, on both adapters.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bus::DeadLetter;
use common::clock::SimClock;
use common::{Ids, SeededEntropy, SharedClock};
use e2e::{HOLD_PERIOD, OpenStore, Person, World, WorldConfig, cards};
use mongodb::bson::{Document, doc};
use payments::domain::Payment;
use rusqlite::Connection;
use serde_json::{Value, json};
use store::{Backend, Range};
use tempfile::TempDir;

use crate::documents::{MongoDatabases, convert, restore};
use crate::generate::{STRIPE, Story, generate, list_with_key, sqlite, usd};

/// The seed of worlds on golden databases. That of the generator would repeat ids.
const SEED: u64 = 43;

/// The golden folders, one for each format that a release has stored, oldest first. None is ever changed.
pub(crate) fn golden() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upgrade/golden");
    let mut folders: Vec<_> =
        fs::read_dir(root).expect("golden folders").map(|folder| folder.expect("a folder").path()).collect();
    folders.sort();
    folders
}

fn story(folder: &Path) -> Story {
    let text = fs::read_to_string(folder.join("story.json")).expect("a story");
    serde_json::from_str(&text).expect("a story that this test reads")
}

fn copy(from: &Path, to: &Path) {
    for file in fs::read_dir(from).expect("a golden folder") {
        let file = file.expect("a file").path();
        fs::copy(&file, to.join(file.file_name().expect("a name"))).expect("a copy");
    }
}

async fn world(clock: SimClock, open_store: OpenStore) -> World {
    let world = World::with(WorldConfig { clock, seed: SEED, open_store, ..WorldConfig::default() }).await;
    world.settle().await;
    world
}

/// Trades on with everything that a golden database contains.
async fn trade_on(world: &World, story: &Story) {
    let (seller, buyer) = (story.seller.person(&world.endpoints), story.buyer.person(&world.endpoints));
    for person in [&seller, &buyer] {
        let session = person.get("/api/users/currentuser").await.json;
        assert_eq!(session["currentUser"]["email"], person.email, "a stored session: {session}");
        world.add(person.clone());
    }
    let revoked = Person::signed_in(&world.endpoints, &buyer.email, &buyer.id, &story.revoked_cookie);
    assert_eq!(revoked.get("/api/orders").await.status, 401, "a revoked session");
    assert_eq!(buyer.on_another_device().signs_in().await.status, 200, "a stored password");

    shows(&buyer, story).await;
    shows_sales(world, &seller, story).await;
    let again = list_with_key(&seller).await;
    assert_eq!((again.header("idempotent-replayed"), &again.json), ("true", &story.keyed));
    let letters = DeadLetter::list(world.store("orders")).await.expect("the database answers");
    assert_eq!(letters.len(), 1, "{letters:?}");
    letters[0].event.envelope().expect("a dead letter's event is readable");

    // The open orders are paid, with and without a payment that has begun; a new one is placed.
    let new = buyer.buys(&story.available).await;
    world.settle().await;
    for order in [&story.unpaid, &story.paying, &new] {
        assert_eq!(buyer.pays(order, cards::VISA).await.json["status"], "requires_capture");
        let complete = async || buyer.order(order).await["status"] == "complete";
        world.poll_until("the order is complete", complete).await;
    }
    assert_eq!(buyer.orders(&story.withdrawn).await.text("code"), "ticket-withdrawn");
    // Past the deadline of every stored order, and into a new session.
    world.advance(HOLD_PERIOD + Duration::from_mins(2)).await;
    let (_, mut violations) = world.violations().await;
    violations.retain(|violation| {
        !violation.contains("a dead letter of orders: money was captured for an unknown")
    });
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

async fn shows(buyer: &Person, story: &Story) {
    for (order, status) in [
        (&story.paid, "complete"),
        (&story.refunded, "complete"),
        (&story.disputed, "complete"),
        (&story.cancelled, "cancelled"),
        (&story.unpaid, "awaiting-payment"),
        (&story.paying, "awaiting-payment"),
    ] {
        assert_eq!(buyer.order(order).await["status"], status, "{order}");
    }
    assert_eq!(buyer.order(&story.refunded).await["refunded"], json!(usd(20_00)));
    assert_eq!(buyer.order(&story.disputed).await["dispute"], "open");
    assert_eq!(buyer.all("/api/orders").await.len(), 6);
    assert_eq!(buyer.all("/api/tickets/mine?role=bought").await.len(), 3);
}

async fn shows_sales(world: &World, seller: &Person, story: &Story) {
    assert_eq!(seller.all("/api/payments/statement").await.len(), 3);
    assert_eq!(seller.all("/api/tickets/mine?role=selling").await.len(), 9);
    let listed = world.endpoints.get("/api/tickets").await.json;
    let titles: Vec<_> =
        listed["items"].as_array().expect("a list").iter().map(|one| &one["title"]).collect();
    assert!(titles.contains(&&story.available["title"]) && !titles.contains(&&story.withdrawn["title"]));
}

#[tokio::test]
async fn sqlite_files_of_every_release_are_used_by_this_release() {
    for folder in golden() {
        let (story, copied) = (story(&folder), TempDir::new().expect("a folder"));
        copy(&folder, copied.path());
        let world = world(story.clock(), Box::new(sqlite(copied.path()))).await;
        trade_on(&world, &story).await;
        world.stop().await;
    }
}

#[tokio::test]
async fn mongodb_documents_of_every_release_are_used_by_this_release() {
    for folder in golden() {
        let (story, copied) = (story(&folder), TempDir::new().expect("a folder"));
        copy(&folder, copied.path());
        let databases = MongoDatabases::new().await;
        restore(&folder, &databases).await;
        let clock = story.clock();
        let world = world(clock.clone(), on_mongodb(&databases, clock, copied.path()).await).await;
        trade_on(&world, &story).await;
        world.stop().await;
        databases.drop().await;
    }
}

/// The databases of the services on MongoDB, and that of the simulator in its file.
async fn on_mongodb(databases: &MongoDatabases, clock: SimClock, folder: &Path) -> OpenStore {
    let clock: SharedClock = Arc::new(clock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SeededEntropy::new(SEED + 1)));
    let mut opened: HashMap<&str, Arc<dyn Backend>> = HashMap::new();
    for service in crate::generate::SERVICES {
        opened.insert(service, databases.open(service, Arc::clone(&clock), ids.clone()).await);
    }
    let stripe = sqlite(folder);
    Box::new(move |service| if service == STRIPE { stripe(service) } else { Arc::clone(&opened[service]) })
}

/// `GOLDEN_FOLDER` names a folder that keeps the databases of this release, for a new golden folder.
#[tokio::test]
async fn databases_of_this_release_are_used_by_this_release() {
    let (temporary, copied) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let kept = std::env::var("GOLDEN_FOLDER").ok();
    let folder = kept.as_deref().map_or(temporary.path(), Path::new);
    generate(folder).await;
    convert(folder).await;
    let story = story(folder);
    copy(folder, copied.path());
    let world = world(story.clock(), Box::new(sqlite(copied.path()))).await;
    trade_on(&world, &story).await;
    world.stop().await;
}

/// Payments that were stored before their indexes by seller and by start.
#[tokio::test]
async fn payments_without_keys_get_them_and_appear_in_the_statement() {
    let (folder, copied) = (&golden()[0], TempDir::new().expect("a folder"));
    let story = story(folder);
    copy(folder, copied.path());
    remove_keys(&copied.path().join("payments.db"));
    let world = world(story.clock(), Box::new(sqlite(copied.path()))).await;
    assert_every_payment_is_indexed(&world).await;
    trade_on(&world, &story).await;
    world.stop().await;
}

#[tokio::test]
async fn payments_without_keys_get_them_on_mongodb() {
    let (folder, copied) = (&golden()[0], TempDir::new().expect("a folder"));
    let story = story(folder);
    copy(folder, copied.path());
    let databases = MongoDatabases::new().await;
    restore(folder, &databases).await;
    let payments = databases.database("payments").collection::<Document>("payments");
    let removed = payments.update_many(doc! {}, doc! { "$unset": { "keys.seller": "", "keys.created": "" } });
    assert_eq!(removed.await.expect("the server answers").modified_count, 4);
    let clock = story.clock();
    let world = world(clock.clone(), on_mongodb(&databases, clock, copied.path()).await).await;
    assert_every_payment_is_indexed(&world).await;
    trade_on(&world, &story).await;
    world.stop().await;
    databases.drop().await;
}

/// By its start, for the reconciliation. [`trade_on`] reads the seller's statement.
async fn assert_every_payment_is_indexed(world: &World) {
    let payments = world.payments().collection::<Payment>();
    let all = payments.page(Range::of("created", [])).await.expect("the database answers");
    assert_eq!(all.items.len(), 4);
}

/// Removes the keys as a release without these indexes would have written the file.
fn remove_keys(file: &Path) {
    let file = Connection::open(file).expect("a database");
    let removed = file.execute("DELETE FROM keys WHERE name IN ('seller', 'created')", []).expect("SQL");
    assert!(removed > 0, "the golden payments have these keys");
    let mut rows =
        file.prepare("SELECT document, keys FROM documents WHERE collection = 'payments'").expect("SQL");
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    let rows: Vec<(i64, Vec<u8>)> = rows.map(|row| row.expect("a row")).collect();
    for (document, keys) in rows {
        let keys = without(&keys, &["seller", "created"]);
        file.execute("UPDATE documents SET keys = ?2 WHERE document = ?1", (document, keys)).expect("SQL");
    }
}

/// A row's copy of its keys (length and bytes of the name, then of the value) without those of these names.
fn without(mut keys: &[u8], names: &[&str]) -> Vec<u8> {
    let mut left = Vec::new();
    let half = |keys: &mut &[u8]| {
        let (length, rest) = keys.split_first_chunk().expect("a length");
        let (half, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        *keys = rest;
        half.to_vec()
    };
    while !keys.is_empty() {
        let before = keys;
        let name = half(&mut keys);
        half(&mut keys);
        if !names.iter().any(|other| other.as_bytes() == name) {
            left.extend_from_slice(&before[..before.len() - keys.len()]);
        }
    }
    left
}

#[test]
fn a_golden_story_names_what_is_stored() {
    for folder in golden() {
        let story = story(&folder);
        assert!(story.paid["id"].is_string() && Value::is_object(&story.keyed), "{}", folder.display());
    }
}
