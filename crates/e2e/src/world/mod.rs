//! The whole marketplace in one process, on a simulated clock and a seed, used over HTTP.

mod finish;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use bus::{Bus, LocalBus};
use common::clock::SimClock;
use common::{Ids, SeededEntropy, SharedClock, Time};
use mail_sim::MailSim;
use parking_lot::Mutex;
use runtime::{HttpOptions, Tasks, bind, serve};
use serde_json::{Value, json};
use store::sqlite::SqliteBackend;
use store::{Backend, ScannedRecord, Store};
use stripe_sim::{Fees, StripeSim};
use ticketing::{Marketplace, Parts};

use crate::audit::intents;
use crate::{Endpoints, Person, Snapshot};

/// How long a ticket is held in every world.
pub const HOLD_PERIOD: Duration = Duration::from_mins(15);

/// In real time; past any work that ends.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);
/// In real time; past any step that a stop waits for.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How far [`World::poll_until`] advances the clock between two polls: past most retry delays.
const POLL_INTERVAL: Duration = Duration::from_secs(15);
/// Past every retry that a test may need.
const MAX_POLLS: usize = 12;

/// The collections of a snapshot.
const COLLECTIONS: [&str; 7] =
    ["orders", "tickets", "closed-orders", "payments", "deadlines", "revoked-sessions", "dead-letters"];

/// Opens the database of a service.
pub type OpenStore = Box<dyn Fn(&str) -> Arc<dyn Backend> + Send + Sync>;

/// Makes a bus on this clock.
pub type MakeBus = Box<dyn FnOnce(&SimClock) -> Arc<dyn Bus> + Send>;

/// Wraps the card processor.
pub type WrapStripe = Box<dyn FnOnce(Router) -> Router + Send>;

/// The parts of a world that a test may replace.
pub struct WorldConfig {
    /// The clock, which several worlds may share.
    pub clock: SimClock,
    /// The seed of ids and secrets. Two worlds on the same databases need different seeds.
    pub seed: u64,
    /// The settings of auth.
    pub auth: auth::Config,
    /// The options of the services' HTTP servers.
    pub http: HttpOptions,
    /// The card processor's fees.
    pub fees: Fees,
    /// Makes the bus.
    pub make_bus: MakeBus,
    /// Opens the database of each service; by default an empty one in memory.
    pub open_store: OpenStore,
    /// Wraps the card processor.
    pub wrap_stripe: WrapStripe,
    /// The users of a former world.
    pub people: Vec<Person>,
    /// The longest time in which [`World::try_settle`] waits for the end of all work.
    pub settle_timeout: Duration,
}

impl Default for WorldConfig {
    fn default() -> Self {
        Self {
            clock: SimClock::starting_at("2026-11-22T10:00:00Z".parse::<Time>().expect("a time")),
            seed: 42,
            // One address of a test is that of many people.
            auth: auth::Config { max_sign_ups: 0, ..auth::Config::default() },
            http: HttpOptions::default(),
            fees: Fees::default(),
            make_bus: Box::new(|_| Arc::new(LocalBus::new())),
            open_store: Box::new(|_| SqliteBackend::in_memory().expect("a database in memory")),
            wrap_stripe: Box::new(|stripe| stripe),
            people: Vec::new(),
            settle_timeout: SETTLE_TIMEOUT,
        }
    }
}

/// A marketplace with its own simulator, clock and users. Every test ends with [`World::finish`].
pub struct World {
    /// The clock. A test advances it, and [`World::settle`] does by moments.
    pub clock: SimClock,
    /// The endpoints.
    pub endpoints: Endpoints,
    marketplace: Marketplace,
    tasks: Tasks,
    people: Mutex<Vec<Person>>,
    settle_timeout: Duration,
    checked: AtomicBool,
}

impl World {
    /// Starts a world.
    ///
    /// # Panics
    /// The marketplace does not start.
    pub async fn start() -> Self {
        Self::with(WorldConfig::default()).await
    }

    /// Starts a world with this configuration.
    ///
    /// # Panics
    /// The marketplace does not start.
    pub async fn with(config: WorldConfig) -> Self {
        let WorldConfig {
            clock,
            seed,
            auth,
            http,
            fees,
            make_bus,
            open_store,
            wrap_stripe,
            people,
            settle_timeout,
        } = config;
        let shared: SharedClock = Arc::new(clock.clone());
        let local = ([127, 0, 0, 1], 0).into();
        let listener = bind(local, "--listen").await.expect("a port");
        let stripe_listener = bind(local, "--stripe-listen").await.expect("a port");
        let smtp_listener = bind(local, "--mail-sim-listen").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stripe_address = stripe_listener.local_addr().expect("an address");
        let parts = Parts {
            ids: Ids::new(Arc::clone(&shared), Arc::new(SeededEntropy::new(seed))),
            clock: shared,
            open: Box::new(move |service| Ok::<_, Infallible>(open_store(service))),
            bus: make_bus(&clock),
            auth,
            auth_key: auth::MasterKey::from_bytes([1; 32]),
            hold: HOLD_PERIOD,
            http,
            address,
            stripe_address,
            mail_sim_address: smtp_listener.local_addr().expect("an address"),
            fees,
        };
        let tasks = Tasks::default();
        let marketplace = Marketplace::assemble(parts, &tasks).await.expect("a marketplace");
        tasks.spawn(serve(listener, marketplace.router.clone(), tasks.stop_token()));
        tasks.spawn(serve(stripe_listener, wrap_stripe(marketplace.stripe.router()), tasks.stop_token()));
        tasks.spawn(marketplace.mail.clone().serve_smtp(smtp_listener, tasks.stop_token()));
        let endpoints = Endpoints::new(format!("http://{address}"), format!("http://{stripe_address}"));
        let people = people.iter().map(|person| person.at(&endpoints)).collect();
        Self {
            clock,
            endpoints,
            marketplace,
            tasks,
            people: Mutex::new(people),
            settle_timeout,
            checked: AtomicBool::new(false),
        }
    }

    /// The card processor.
    pub fn stripe(&self) -> &StripeSim {
        &self.marketplace.stripe
    }

    /// The mailbox.
    pub fn mail(&self) -> &MailSim {
        &self.marketplace.mail
    }

    /// The store of payments.
    pub fn payments(&self) -> &Store {
        self.store(payments::NAME)
    }

    /// The store of a service.
    ///
    /// # Panics
    /// There is no such service.
    pub fn store(&self, service: &str) -> &Store {
        let found = self.marketplace.stores.iter().find(|(name, _)| *name == service);
        &found.expect("the service has a store").1
    }

    /// All users.
    pub fn people(&self) -> Vec<Person> {
        self.people.lock().clone()
    }

    /// A snapshot of now, as of a cluster.
    ///
    /// # Panics
    /// A database or the simulator does not answer.
    pub async fn snapshot(&self) -> Snapshot {
        let mut documents = HashMap::new();
        for (service, store) in &self.marketplace.stores {
            for collection in COLLECTIONS {
                let found =
                    store.backend().scan(collection, None, None, usize::MAX / 2).await.expect("a scan");
                let state = |(_, record): ScannedRecord| {
                    let state: Value = serde_json::from_str(&record.expect("readable").body).expect("JSON");
                    json!({ "state": state })
                };
                documents.insert(format!("{service}.{collection}"), found.into_iter().map(state).collect());
            }
        }
        Snapshot { documents, intents: intents(&self.endpoints).await }
    }

    /// A new user.
    pub async fn person(&self, name: &str) -> Person {
        let person = Person::sign_up(&self.endpoints, name).await;
        self.people.lock().push(person.clone());
        person
    }

    /// Adds a user of a former world on the same databases.
    pub fn add(&self, person: Person) {
        self.people.lock().push(person);
    }

    /// Removes a user whose account was deleted: their orders and tickets cannot be read any more.
    pub fn forget(&self, person: &Person) {
        self.people.lock().retain(|known| known.id != person.id);
    }

    /// A seller and a buyer.
    pub async fn two_people(&self) -> (Person, Person) {
        (self.person("seller").await, self.person("buyer").await)
    }

    /// Advances the clock and waits until all that became due is done.
    pub async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.settle().await;
    }

    /// Waits until no work is left. Work that waits for the clock (a retry) gets some moments.
    ///
    /// # Panics
    /// Work is left after the settle timeout.
    pub async fn settle(&self) {
        assert!(self.try_settle().await, "work is left after {:?}", self.settle_timeout);
    }

    /// [`World::settle`] that returns whether no work is left.
    ///
    /// # Panics
    /// A database does not answer.
    #[expect(
        clippy::disallowed_methods,
        reason = "the world works in real time, only its clock is simulated"
    )]
    pub async fn try_settle(&self) -> bool {
        let began = tokio::time::Instant::now();
        let (mut idle_checks, mut busy_checks) = (0, 0);
        while idle_checks < 3 {
            let idle = self.marketplace.is_idle().await.expect("the databases answer");
            (idle_checks, busy_checks) = if idle { (idle_checks + 1, 0) } else { (0, busy_checks + 1) };
            if busy_checks >= 100 {
                self.clock.advance(Duration::from_millis(100));
                busy_checks = 50;
            }
            if began.elapsed() > self.settle_timeout {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        true
    }

    /// Polls until the condition holds: settles before each poll, and advances the clock between two.
    ///
    /// # Panics
    /// The condition does not hold after `MAX_POLLS`.
    pub async fn poll_until<F: Future<Output = bool>>(
        &self,
        expected: &str,
        mut condition: impl FnMut() -> F,
    ) {
        for _ in 0..MAX_POLLS {
            self.settle().await;
            if condition().await {
                return;
            }
            self.clock.advance(POLL_INTERVAL);
        }
        panic!("not within {MAX_POLLS} polls: {expected}");
    }

    /// Ends the world as processes end, without an assertion: another one opens its databases.
    pub async fn stop(&self) {
        self.checked.store(true, Ordering::SeqCst);
        self.tasks.stop(STOP_TIMEOUT).await;
        for (_, store) in &self.marketplace.stores {
            store.backend().close().await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.stop_token().cancel();
        if !std::thread::panicking() {
            assert!(self.checked.load(Ordering::SeqCst), "a test must end with `world.finish().await`");
        }
    }
}
