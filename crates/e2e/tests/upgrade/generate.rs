//! The generator of golden databases: a marketplace with something of everything, stopped at a known time.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, LocalBus};
use common::clock::SimClock;
use common::event::{PaymentSnapshot, PaymentStatus};
use common::{Clock, Currency, Envelope, Event, Ids, Money, SeededEntropy, SharedClock, Time};
use e2e::{Endpoints, Person, World, WorldConfig, cards};
use parking_lot::Mutex;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Backend;
use store::sqlite::SqliteBackend;
use uuid::Uuid;

/// The services, each with a database.
pub(crate) const SERVICES: [&str; 6] =
    ["auth", "tickets", "orders", "expiration", "payments", "notifications"];

/// The database of the card processor's simulator.
pub(crate) const STRIPE: &str = "stripe";

/// The contents of a golden folder that its databases do not tell, in `story.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Story {
    /// The time at which the marketplace was stopped.
    pub(crate) stopped_at: Time,
    pub(crate) seller: Account,
    pub(crate) buyer: Account,
    /// The cookie of a revoked session of the buyer.
    pub(crate) revoked_cookie: String,
    /// Replies to the requests that made them, as their users received them.
    pub(crate) available: Value,
    pub(crate) withdrawn: Value,
    pub(crate) paid: Value,
    pub(crate) refunded: Value,
    pub(crate) disputed: Value,
    pub(crate) cancelled: Value,
    /// An order without a payment.
    pub(crate) unpaid: Value,
    /// An order whose payment has begun.
    pub(crate) paying: Value,
    /// The title of the listing that was sent with [`IDEMPOTENCY_KEY`], and its reply.
    pub(crate) keyed: Value,
}

impl Story {
    /// A clock at the time of the stop.
    pub(crate) fn clock(&self) -> SimClock {
        SimClock::starting_at(self.stopped_at)
    }
}

/// A user with a session.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) id: String,
    pub(crate) cookie: String,
}

impl Account {
    fn of(person: &Person) -> Self {
        Self { email: person.email.clone(), id: person.id.clone(), cookie: person.cookie() }
    }

    /// The user, with the stored session.
    pub(crate) fn person(&self, endpoints: &Endpoints) -> Person {
        Person::signed_in(endpoints, &self.email, &self.id, &self.cookie)
    }
}

/// The key of [`list_with_key`].
const IDEMPOTENCY_KEY: &str = "golden";

pub(crate) const fn usd(amount: i64) -> Money {
    Money { amount, currency: Currency::Usd }
}

/// Lists a ticket under an idempotency key.
pub(crate) async fn list_with_key(seller: &Person) -> e2e::Reply {
    let body = json!({ "title": "Listed once", "price": usd(11_00) });
    let url = format!("{}/api/tickets", seller.endpoints.marketplace);
    let request = seller.endpoints.http.request(Method::POST, url).header("cookie", seller.cookie());
    Endpoints::send(request.header("idempotency-key", IDEMPOTENCY_KEY).json(&body)).await
}

/// The databases of a folder, opened or created.
pub(crate) fn sqlite(folder: &Path) -> impl Fn(&str) -> Arc<dyn Backend> + use<> {
    let folder = folder.to_owned();
    move |service| SqliteBackend::open(folder.join(format!("{service}.db"))).expect("a database")
}

/// Writes a golden folder: a SQLite file for each service, and `story.json`.
pub(crate) async fn generate(folder: &Path) {
    let bus: Arc<Mutex<Option<Arc<LocalBus>>>> = Arc::default();
    let shared = Arc::clone(&bus);
    let config = WorldConfig {
        open_store: Box::new(sqlite(folder)),
        make_bus: Box::new(move |_| {
            let bus = Arc::<LocalBus>::default();
            *shared.lock() = Some(Arc::clone(&bus));
            bus
        }),
        ..WorldConfig::default()
    };
    let world = World::with(config).await;
    let (seller, buyer) = world.two_people().await;
    let bus = bus.lock().take().expect("the world has a bus");
    fail_an_event(&world, &bus).await;
    let revoked_cookie = revoked_session(&buyer).await;
    let keyed = list_with_key(&seller).await.json;
    let available = seller.sells("Available", usd(10_00)).await;
    let withdrawn = seller.sells("Withdrawn", usd(12_00)).await;
    let path = format!("/api/tickets/{}", withdrawn["id"].as_str().expect("an id"));
    assert_eq!(seller.request(Method::DELETE, &path, None).await.status, 204);

    let paid = paid(&world, &seller, &buyer, "Paid", cards::VISA).await;
    let refunded = refunded(&world, &seller, &buyer).await;
    let disputed = self::paid(&world, &seller, &buyer, "Disputed", cards::DISPUTED).await;
    world.advance(Duration::from_secs(4)).await;
    let dispute = async || buyer.order(&disputed).await["dispute"] == "open";
    world.poll_until("the dispute is shown", dispute).await;
    let cancelled = buyer.buys(&seller.sells("Cancelled", usd(13_00)).await).await;
    assert_eq!(buyer.cancels(&cancelled).await.status, 204);
    let unpaid = buyer.buys(&seller.sells("Unpaid", usd(14_00)).await).await;
    let paying = buyer.buys(&seller.sells("Paying", usd(15_00)).await).await;
    world.settle().await;
    assert_eq!(buyer.begins_to_pay(&paying).await.status, 201);
    let forgotten = json!({ "email": buyer.email });
    assert_eq!(buyer.post("/api/users/password/forgotten", forgotten).await.status, 202);
    world.settle().await;

    // Renewed last, so that their tokens are valid when the databases are opened.
    for person in [&seller, &buyer] {
        assert_eq!(person.get("/api/users/currentuser").await.status, 200);
    }
    world.stop().await;
    let (seller, buyer) = (Account::of(&seller), Account::of(&buyer));
    let stopped_at = world.clock.now();
    let story = Story {
        stopped_at,
        seller,
        buyer,
        revoked_cookie,
        available,
        withdrawn,
        paid,
        refunded,
        disputed,
        cancelled,
        unpaid,
        paying,
        keyed,
    };
    let text = serde_json::to_string_pretty(&story).expect("JSON");
    fs::write(folder.join("story.json"), text + "\n").expect("a writable folder");
    for service in SERVICES.into_iter().chain([STRIPE]) {
        // The lock of a running process.
        fs::remove_file(folder.join(format!("{service}.db.lock"))).expect("a lock file");
    }
}

/// An order that is complete.
async fn paid(world: &World, seller: &Person, buyer: &Person, title: &str, card: &str) -> Value {
    let order = buyer.buys(&seller.sells(title, usd(20_00)).await).await;
    world.settle().await;
    buyer.pays(&order, card).await;
    let complete = async || buyer.order(&order).await["status"] == "complete";
    world.poll_until("the order is complete", complete).await;
    order
}

async fn refunded(world: &World, seller: &Person, buyer: &Person) -> Value {
    let order = paid(world, seller, buyer, "Refunded", cards::VISA).await;
    let id = order["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let clock: SharedClock = Arc::new(world.clock.clone());
    payments::refund(world.payments(), &clock, id).await.expect("a paid order");
    world.advance(Duration::from_secs(6)).await;
    let refunded = async || buyer.order(&order).await["refunded"].is_object();
    world.poll_until("the refund is shown", refunded).await;
    order
}

/// The cookie of a session that the buyer revokes from another device.
async fn revoked_session(buyer: &Person) -> String {
    let other = buyer.on_another_device();
    assert_eq!(other.signs_in().await.status, 200);
    assert_eq!(buyer.request(Method::DELETE, "/api/users/sessions", None).await.status, 204);
    other.cookie()
}

/// Publishes the capture of an unknown order, which orders keeps as a dead letter.
async fn fail_an_event(world: &World, bus: &LocalBus) {
    let clock: SharedClock = Arc::new(world.clock.clone());
    let ids = Ids::new(clock, Arc::new(SeededEntropy::new(1)));
    let (id, now) = (ids.next(), world.clock.now());
    let payment = PaymentSnapshot {
        id,
        order_id: ids.next(),
        status: PaymentStatus::Captured.into(),
        amount: usd(10_00),
        authorized_at: None,
        refunded: None,
        dispute: None,
        version: 4,
        created_at: now,
        updated_at: now,
        overdue: false,
    };
    let event = Event::PaymentCaptured(payment);
    let (schema, aggregate) = (event.subject().schema(), Uuid::from(id));
    let envelope = Envelope { id: ids.next(), schema, aggregate, version: 4, time: now, trace: None, event };
    let published = bus.publish(Arc::new(envelope));
    let mut published = std::pin::pin!(published);
    let mut done = false;
    while !done {
        // The bus answers when every consumer has acknowledged, ten attempts later.
        tokio::select! {
            outcome = &mut published => {
                outcome.expect("published");
                done = true;
            }
            () = world.advance(Duration::from_secs(30)) => {}
        }
    }
}
