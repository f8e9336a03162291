//! The rig in which a service is tested by itself: its real router behind the real middleware, SQLite in memory, the
//! in-process bus, and a clock that stands still until the test moves it.

mod caller;
mod people;
mod stream;

use std::collections::HashSet;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use bus::local::LocalBus;
use bus::{Consume, ConsumeError, ConsumerLoop, Incoming, Subscription};
use common::clock::SimClock;
use common::event::Subject;
use common::http::Sessions;
use common::http::token::VerifyingKeys;
use common::{Envelope, Event, EventId, Ids, SeededEntropy, Time};
use futures::future::{BoxFuture, FutureExt};
use parking_lot::Mutex;
use store::Store;
use store::sqlite::SqliteBackend;
use uuid::Uuid;

use self::people::TestKeys;
use crate::{HttpOptions, Running, Service, ServiceContext, Subscribed, Tasks};

pub use caller::{Caller, Reply};
pub use people::Person;
pub use stream::{EventStream, Message};

/// When every test begins.
pub const START: &str = "2026-11-22T10:00:00Z";

/// How long a test waits for work that never ends before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A service at work, alone in the world.
pub struct TestService {
    /// The time. It stands still unless it is advanced.
    pub clock: SimClock,
    /// What the service was made from.
    pub context: ServiceContext,
    router: Router,
    running: Running,
    tasks: Tasks,
    keys: Arc<TestKeys>,
    heard: Arc<Heard>,
    on_their_way: Arc<AtomicUsize>,
}

/// Hears everything that is announced.
#[derive(Default)]
struct Heard {
    events: Mutex<Vec<Envelope>>,
    others: Mutex<HashSet<EventId>>,
}

impl Consume for Heard {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        let others = self.others.lock();
        if !others.contains(&incoming.envelope.id) {
            self.events.lock().push((*incoming.envelope).clone());
        }
        ready(Ok(())).boxed()
    }
}

/// A context on a new SQLite database in memory, at [`START`].
///
/// # Panics
/// The database does not open.
pub fn context() -> (SimClock, ServiceContext) {
    let clock = SimClock::starting_at(START.parse::<Time>().expect("a time"));
    let shared: common::SharedClock = Arc::new(clock.clone());
    let ids = Ids::new(Arc::clone(&shared), Arc::new(SeededEntropy::new(7)));
    let backend = SqliteBackend::in_memory().expect("a database in memory");
    let store = Store::new(backend, Arc::clone(&shared), ids.clone());
    (clock, ServiceContext { store, clock: shared, ids, bus: Arc::new(LocalBus::new()) })
}

impl TestService {
    /// Starts a service on a new database.
    pub async fn start(make: impl FnOnce(&ServiceContext) -> Service) -> Self {
        let (clock, context) = context();
        let service = make(&context);
        Self::start_on(clock, context, service, None).await
    }

    /// Starts a service on a database that may have a past. Tokens are verified with `keys`, or else with those of the
    /// rig's own people.
    ///
    /// # Panics
    /// The service does not start.
    pub async fn start_on(
        clock: SimClock,
        context: ServiceContext,
        service: Service,
        keys: Option<Arc<dyn VerifyingKeys>>,
    ) -> Self {
        let tasks = Tasks::default();
        let people = Arc::new(TestKeys::new());
        let keys = keys.unwrap_or_else(|| people.clone());
        let sessions = Sessions::new(keys);
        let options = HttpOptions::default();
        let subscribed = Subscribed::new(service, &context, sessions, &options).await.expect("it subscribes");
        let heard = Arc::new(Heard::default());
        let everything =
            Subscription { consumer: "test", subjects: Subject::ALL, handler: Arc::clone(&heard) as _ };
        let (store, ids) = (context.store.clone(), context.ids.clone());
        let listener = ConsumerLoop::new(everything, context.bus.as_ref(), store, context.clock.clone(), ids);
        tasks.spawn(listener.run(tasks.stop_token()));
        let running = subscribed.start(&tasks, &tasks);
        let router = running.router.clone();
        Self { clock, context, router, running, tasks, keys: people, heard, on_their_way: Arc::default() }
    }

    /// Stops the service as a process stops, and gives back what a successor can be started on.
    pub async fn stop(self) -> (SimClock, ServiceContext) {
        self.tasks.stop(crate::stop::WORK_TIMEOUT).await;
        (self.clock.clone(), self.context.clone())
    }

    /// A person with a session token that is good for 15 minutes.
    pub fn person(&self, name: &str) -> Person {
        self.keys.person(name, &self.context)
    }

    /// Sends requests without a session.
    pub fn anonymous(&self) -> Caller {
        Caller::new(self.router.clone(), None)
    }

    /// Sends requests with this person's session.
    pub fn by(&self, person: &Person) -> Caller {
        Caller::new(self.router.clone(), Some(person.token.clone()))
    }

    /// Publishes a event as if another service had announced it. Returns when it has been handled, or, if its handler
    /// waits for the clock, after a moment; whether it has been handled.
    pub async fn hear(&self, aggregate: Uuid, version: u64, event: Event) -> bool {
        let event = self.envelope(aggregate, version, event);
        self.deliver(event).await
    }

    /// Publishes an event, as [`TestService::hear`]; the same event may be delivered several times.
    pub async fn deliver(&self, event: Envelope) -> bool {
        self.heard.others.lock().insert(event.id);
        let (bus, event, count) =
            (Arc::clone(&self.context.bus), Arc::new(event), Arc::clone(&self.on_their_way));
        count.fetch_add(1, Ordering::SeqCst);
        let (done, handled) = tokio::sync::oneshot::channel();
        self.tasks.spawn(async move {
            let published = bus.publish(event).await.is_ok();
            count.fetch_sub(1, Ordering::SeqCst);
            let _ = done.send(published);
        });
        let moment = Duration::from_millis(300);
        matches!(tokio::time::timeout(moment, handled).await, Ok(Ok(true)))
    }

    /// An event of the present moment.
    pub fn envelope(&self, aggregate: Uuid, version: u64, event: Event) -> Envelope {
        let schema = event.subject().schema();
        let time = self.context.clock.now();
        Envelope { id: self.context.ids.next(), schema, aggregate, version, time, trace: None, event }
    }

    /// The events that the service has announced since the last call, in their order.
    pub async fn announced(&self) -> Vec<Envelope> {
        self.settle().await;
        std::mem::take(&mut *self.heard.events.lock())
    }

    /// Waits until the outbox is empty, the workers are idle and no handler is at work, except for those that wait
    /// for the clock.
    ///
    /// # Panics
    /// It never comes to rest.
    #[expect(
        clippy::disallowed_methods,
        reason = "the service works in real time, only its clock stands still"
    )]
    pub async fn settle(&self) {
        let began = tokio::time::Instant::now();
        let mut quiet = 0;
        while quiet < 3 {
            let empty = self.context.store.backend().outbox(0, 1).await.expect("the outbox").is_empty();
            let waited = began.elapsed() > Duration::from_millis(300);
            let handled = self.on_their_way.load(Ordering::SeqCst) == 0 || waited;
            let idle = empty && handled && self.running.is_idle().await;
            quiet = if idle { quiet + 1 } else { 0 };
            assert!(began.elapsed() < PATIENCE, "the service never came to rest");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Drop for TestService {
    fn drop(&mut self) {
        self.tasks.stop_token().cancel();
    }
}
