//! The whole marketplace on a simulated clock and a seed, talked to over HTTP.

mod circumstances;
mod ending;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::clock::SimClock;
use common::{Ids, SeededEntropy, SharedClock, Time};
use parking_lot::Mutex;
use runtime::{Tasks, bind, serve};
use store::Store;
use store::sqlite::{OpenError, SqliteBackend};
use stripe_sim::StripeSim;
use ticketing::{Marketplace, Parts};

pub use circumstances::{AtTheDatabase, BeforeStripe, Circumstances, MakesTheBus};

use crate::{Person, Place};

/// How long a ticket is held in every world.
pub const HOLD: Duration = Duration::from_mins(15);

/// How long a test waits for work that never ends before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A marketplace with its simulator, its own time and its own people. Every test ends with [`World::ends_well`].
pub struct World {
    /// The time. It stands still unless it is moved, but for the moments that [`World::settle`] lets pass.
    pub clock: SimClock,
    /// Where it is.
    pub place: Place,
    marketplace: Marketplace,
    tasks: Tasks,
    people: Mutex<Vec<Person>>,
    checked: AtomicBool,
}

impl World {
    /// Starts a world.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start() -> Self {
        Self::under(Circumstances::default()).await
    }

    /// Starts a world under these circumstances.
    ///
    /// # Panics
    /// It does not start.
    pub async fn under(circumstances: Circumstances) -> Self {
        let Circumstances { http, fees, bus, at_the_database, before_stripe } = circumstances;
        let clock = SimClock::starting_at("2026-11-22T10:00:00Z".parse::<Time>().expect("a time"));
        let shared: SharedClock = Arc::new(clock.clone());
        let local = ([127, 0, 0, 1], 0).into();
        let listener = bind(local, "--listen").await.expect("a port");
        let stripe_listener = bind(local, "--stripe-listen").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stripe_address = stripe_listener.local_addr().expect("an address");
        let parts = Parts {
            ids: Ids::new(Arc::clone(&shared), Arc::new(SeededEntropy::new(42))),
            clock: shared,
            open: Box::new(move |_| Ok::<_, OpenError>(at_the_database(SqliteBackend::in_memory()?))),
            bus: bus(&clock),
            auth: auth::Config::default(),
            hold: HOLD,
            http,
            address,
            stripe_address,
            fees,
        };
        let tasks = Tasks::default();
        let marketplace = Marketplace::assemble(parts, &tasks).await.expect("a marketplace");
        tasks.spawn(serve(listener, marketplace.router.clone(), tasks.stop_token()));
        tasks.spawn(serve(stripe_listener, before_stripe(marketplace.stripe.router()), tasks.stop_token()));
        let place = Place::new(format!("http://{address}"), format!("http://{stripe_address}"));
        Self { clock, place, marketplace, tasks, people: Mutex::default(), checked: AtomicBool::new(false) }
    }

    /// The card processor.
    pub fn stripe(&self) -> &StripeSim {
        &self.marketplace.stripe
    }

    /// The database of payments.
    ///
    /// # Panics
    /// There is none.
    pub fn payments(&self) -> &Store {
        let found = self.marketplace.stores.iter().find(|(name, _)| *name == payments::NAME);
        &found.expect("payments has a database").1
    }

    /// A new person.
    pub async fn person(&self, name: &str) -> Person {
        let person = Person::sign_up(&self.place, name).await;
        self.people.lock().push(person.clone());
        person
    }

    /// A seller and a buyer.
    pub async fn two_people(&self) -> (Person, Person) {
        (self.person("seller").await, self.person("buyer").await)
    }

    /// Moves the clock on and waits until everything that became due is done.
    pub async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.settle().await;
    }

    /// Waits until nothing is on its way. What waits for the clock for a moment (a retry) is given the moment.
    ///
    /// # Panics
    /// It never comes to rest.
    pub async fn settle(&self) {
        assert!(self.comes_to_rest().await, "the world never came to rest");
    }

    /// The same; whether it comes to rest.
    ///
    /// # Panics
    /// A database does not answer.
    #[expect(
        clippy::disallowed_methods,
        reason = "the world works in real time, only its clock is simulated"
    )]
    pub async fn comes_to_rest(&self) -> bool {
        let began = tokio::time::Instant::now();
        let (mut quiet, mut restless) = (0, 0);
        while quiet < 3 {
            let idle = self.marketplace.is_idle().await.expect("the databases answer");
            (quiet, restless) = if idle { (quiet + 1, 0) } else { (0, restless + 1) };
            if restless >= 100 {
                self.clock.advance(Duration::from_millis(100));
                restless = 50;
            }
            if began.elapsed() > PATIENCE {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        true
    }

    /// Waits until a look shows what is expected, settling in between.
    ///
    /// # Panics
    /// It never does.
    pub async fn until<F: Future<Output = bool>>(&self, what: &str, mut look: impl FnMut() -> F) {
        for _ in 0..50 {
            self.settle().await;
            if look().await {
                return;
            }
        }
        panic!("it never came to pass that {what}");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.stop_token().cancel();
        if !std::thread::panicking() {
            assert!(self.checked.load(Ordering::SeqCst), "a test must end with `world.ends_well().await`");
        }
    }
}
