//! The cost of one purchase, in counts that do not depend on the machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::{self, Next};
use e2e::{World, WorldConfig, cards};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use store::sqlite::SqliteBackend;
use store::{Backend, CommitError, Intercept, Write};

use crate::flows::{becomes, ticket_becomes, usd};

/// The durable commits of each collection from the listing to the sale. docs/PERFORMANCE.md names them.
const COMMITS: [(&str, usize); 7] = [
    ("expiration.deadlines", 2),
    // One for the emails to buyer and seller, and two to send each.
    ("notifications.order-emails", 5),
    ("orders.orders", 5),
    ("orders.tickets", 3),
    ("payments.orders", 3),
    ("payments.payments", 5),
    ("tickets.tickets", 3),
];

/// The calls to Stripe: create, retrieve on the webhook of the authorization, capture.
const STRIPE_CALLS: usize = 3;

type Counts = Arc<Mutex<BTreeMap<String, usize>>>;

fn count(counts: &Counts, what: String) {
    *counts.lock().entry(what).or_default() += 1;
}

/// A database that counts its commits.
struct CountedDatabase {
    service: String,
    database: Arc<SqliteBackend>,
    commits: Counts,
}

impl Intercept for CountedDatabase {
    fn inner(&self) -> &dyn Backend {
        &*self.database
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        count(&self.commits, format!("{}.{}", self.service, write.collection));
        self.database.commit(write)
    }
}

#[tokio::test]
async fn a_purchase_costs_no_more_commits_and_calls_to_stripe_than_its_budget() {
    let (commits, calls) = (Counts::default(), Counts::default());
    let (counted, called) = (Arc::clone(&commits), Arc::clone(&calls));
    let world = World::with(WorldConfig {
        open_store: Box::new(move |service| {
            let database = SqliteBackend::in_memory().expect("a database in memory");
            Arc::new(CountedDatabase { service: service.to_owned(), database, commits: Arc::clone(&counted) })
        }),
        wrap_stripe: Box::new(move |stripe| {
            stripe.layer(middleware::from_fn(move |request: Request, next: Next| {
                count(&called, format!("{} {}", request.method(), request.uri().path()));
                next.run(request)
            }))
        }),
        ..WorldConfig::default()
    })
    .await;
    let (seller, buyer) = world.two_people().await;
    world.settle().await;
    commits.lock().clear();

    let offered = seller.sells("Concert", usd(20_00)).await;
    let order = buyer.buys(&offered).await;
    becomes(&world, &buyer, &order, "awaiting-payment").await;
    buyer.pays(&order, cards::VISA).await;
    becomes(&world, &buyer, &order, "complete").await;
    ticket_becomes(&world, &offered, "sold").await;
    world.settle().await;

    let mut commits = std::mem::take(&mut *commits.lock());
    // The simulator stands for Stripe.
    commits.retain(|collection, _| !collection.starts_with("stripe."));
    let budget = COMMITS.map(|(collection, commits)| (collection.to_owned(), commits));
    assert_eq!(commits, BTreeMap::from(budget));
    // The card comes from the buyer's browser.
    calls.lock().retain(|call, _| !call.ends_with("/confirm"));
    let calls = std::mem::take(&mut *calls.lock());
    assert_eq!(calls.values().sum::<usize>(), STRIPE_CALLS, "{calls:?}");
    world.finish().await;
}
