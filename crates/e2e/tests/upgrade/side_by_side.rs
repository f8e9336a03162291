//! Two releases side by side on the same databases: both trade at once, then only the older one after a rollback, then
//! only the newer one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use common::clock::SimClock;
use e2e::{HOLD_PERIOD, OpenStore, Person, Rng, World, WorldConfig, WrapStripe, cards};
use futures::future::join_all;
use serde_json::Value;
use store::sqlite::SqliteBackend;
use store::{Range, Verifier};

use crate::generate::{SERVICES, STRIPE, usd};
use crate::next_release::{FIELD, INDEX, NextOrder, ReleaseDatabase};

/// The databases of a marketplace that processes of both releases use.
struct Databases {
    by_service: HashMap<&'static str, ReleaseDatabase>,
    clock: SimClock,
}

impl Databases {
    fn new() -> Self {
        let open = |service| {
            let database = SqliteBackend::in_memory().expect("a database in memory");
            (service, ReleaseDatabase::new(database))
        };
        let by_service = SERVICES.into_iter().chain([STRIPE]).map(open).collect();
        let clock = SimClock::starting_at("2026-11-22T10:00:00Z".parse().expect("a time"));
        Self { by_service, clock }
    }

    /// Processes of this release.
    async fn start(&self, seed: u64) -> World {
        let databases = self.by_service.clone();
        let open_store: OpenStore = Box::new(move |service| Arc::new(databases[service].clone()));
        self.start_with(WorldConfig { seed, open_store, ..WorldConfig::default() }).await
    }

    /// Processes of the next release, beside `other` ones that have the only card processor.
    async fn start_next(&self, seed: u64, other: Option<&World>) -> World {
        let (databases, is_beside) = (self.by_service.clone(), other.is_some());
        let open_store: OpenStore = Box::new(move |service| match service {
            STRIPE if is_beside => SqliteBackend::in_memory().expect("a database in memory"),
            STRIPE => Arc::new(databases[service].clone()),
            _ => Arc::new(databases[service].next()),
        });
        let stripe = other.map(|world| world.stripe().router());
        let wrap_stripe: WrapStripe = Box::new(|own| stripe.unwrap_or(own));
        self.start_with(WorldConfig { seed, open_store, wrap_stripe, ..WorldConfig::default() }).await
    }

    async fn start_with(&self, config: WorldConfig) -> World {
        World::with(WorldConfig { clock: self.clock.clone(), ..config }).await
    }
}

/// A purchase whose every request goes to one of the worlds. Returns the order.
async fn purchase(worlds: &[&World], people: &[Person; 2], rng: &Rng, number: u64) -> Value {
    let at = |person: &Person| {
        let index = rng.below(u32::try_from(worlds.len()).expect("few worlds")) as usize;
        person.at(&worlds[index].endpoints)
    };
    let [seller, buyer] = people;
    let title = format!("Ticket {number}");
    let ticket = at(seller).sells(&title, usd(20_00)).await;
    settle(worlds).await;
    let order = at(buyer).buys(&ticket).await;
    settle(worlds).await;
    match number % 4 {
        0 => assert_eq!(at(buyer).cancels(&order).await.status, 204),
        // Expires.
        1 => {}
        _ => {
            let paid = at(buyer).pays(&order, cards::VISA).await;
            assert_eq!(paid.json["status"], "requires_capture", "{} {}", paid.status, paid.json);
        }
    }
    settle(worlds).await;
    order
}

/// Settles all worlds: events of one are handled by any of them.
async fn settle(worlds: &[&World]) {
    for _ in 0..2 {
        join_all(worlds.iter().map(|world| world.settle())).await;
    }
}

/// Trades, passes every deadline, and asserts that each order has ended as it must.
async fn trade(worlds: &[&World], people: &[Person; 2], rng: &Rng, numbers: std::ops::Range<u64>) {
    let mut orders = Vec::new();
    for number in numbers {
        orders.push((number, purchase(worlds, people, rng, number).await));
    }
    worlds[0].clock.advance(HOLD_PERIOD + Duration::from_mins(1));
    settle(worlds).await;
    // Past every poll and retry.
    for _ in 0..4 {
        worlds[0].clock.advance(Duration::from_secs(30));
        settle(worlds).await;
    }
    for world in worlds {
        let buyer = people[1].at(&world.endpoints);
        for (number, order) in &orders {
            let expected = if number % 4 > 1 { "complete" } else { "cancelled" };
            assert_eq!(buyer.order(order).await["status"], expected, "order {number}");
        }
    }
}

async fn assert_no_violation(world: &World) {
    let (_, violations) = world.violations().await;
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[tokio::test]
async fn two_releases_trade_on_the_same_databases_and_a_rollback_loses_nothing() {
    let (databases, rng) = (Databases::new(), Rng::new(5));
    let older = databases.start(1).await;
    let newer = databases.start_next(2, Some(&older)).await;
    let people = [older.person("seller").await, Person::sign_up(&newer.endpoints, "buyer").await];

    older.add(people[1].at(&older.endpoints));

    trade(&[&older, &newer], &people, &rng, 0..12).await;
    assert_no_violation(&older).await;

    // An order of the newer release is open at the rollback; the older release completes it.
    let seen = people.clone().map(|person| person.at(&newer.endpoints));
    let ticket = seen[0].sells("Across the rollback", usd(20_00)).await;
    settle(&[&newer]).await;
    let across = seen[1].buys(&ticket).await;
    settle(&[&newer]).await;
    newer.stop().await;
    let buyer = people[1].at(&older.endpoints);
    assert_eq!(buyer.pays(&across, cards::VISA).await.json["status"], "requires_capture");
    let complete = async || buyer.order(&across).await["status"] == "complete";
    older.poll_until("the order is complete", complete).await;
    trade(&[&older], &people, &rng, 12..20).await;
    assert_no_violation(&older).await;
    assert_fields_are_kept(&databases).await;

    older.stop().await;
    let newer = databases.start_next(3, None).await;
    for person in &people {
        newer.add(person.at(&newer.endpoints));
    }
    trade(&[&newer], &people, &rng, 20..28).await;
    assert_no_violation(&newer).await;
    assert_fields_are_kept(&databases).await;
    assert_the_index_is_completed(&databases, &newer).await;
    newer.stop().await;
}

/// Every document that the newer release has ever written still has its field, whichever release wrote it since.
async fn assert_fields_are_kept(databases: &Databases) {
    let mut collections = Vec::new();
    for (service, database) in &databases.by_service {
        for (collection, record) in database.documents_of_next().await {
            assert!(record.body.contains(FIELD), "{service}: {collection}: {}", record.body);
            collections.push(collection);
        }
    }
    collections.sort_unstable();
    collections.dedup();
    for written in ["deadlines", "orders", "payments", "sessions", "tickets", "users"] {
        assert!(collections.contains(&written), "the newer release wrote no {written}");
    }
}

/// The upgrade of the newer release gives the orders of the older one their entry in the new index.
async fn assert_the_index_is_completed(databases: &Databases, newer: &World) {
    let store = newer.store("orders");
    let orders = store.collection::<NextOrder>();
    let indexed = async || orders.batch(Range::of(INDEX, [])).await.expect("a database").items.len();
    let all = databases.by_service["orders"].clone();
    let all = store::Backend::scan(&all, "orders", None, None, 1000).await.expect("a database").len();
    assert!(indexed().await < all, "the older release has written orders without the index");
    let upgraded = store.upgrade(Verifier::of::<NextOrder>(), |_| true).await.expect("a database");
    assert_eq!((upgraded.left, indexed().await), (0, all));
}
