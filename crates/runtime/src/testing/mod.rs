//! The harness for testing one service: its real router and middleware, SQLite in memory, the in-process bus, and a
//! simulated clock that only the test advances.

mod caller;
mod edit;
mod log_lines;
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
use crate::{HttpOptions, RunningService, Service, ServiceContext, SubscribedService, Tasks};

pub use caller::{Caller, Reply};
pub use edit::edit;
pub use log_lines::LogLines;
pub use people::{NoKeys, Person};
pub use stream::{EventStream, Message};

/// The time at which every test begins.
pub const START: &str = "2026-11-22T10:00:00Z";

/// The timeout of every wait in a test; no assertion depends on it.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// The timeout of a delivery, whose handler may wait for the clock.
const DELIVERY_TIMEOUT: Duration = Duration::from_millis(300);

/// A running service with simulated surroundings.
pub struct TestService {
    /// The clock. Time passes only when a test advances it.
    pub clock: SimClock,
    /// The context that the service was built from.
    pub context: ServiceContext,
    router: Router,
    running: RunningService,
    tasks: Tasks,
    keys: Arc<TestKeys>,
    recorder: Arc<EventRecorder>,
    deliveries_in_flight: Arc<AtomicUsize>,
}

/// Records the events that the service publishes, without those that the test delivers.
#[derive(Default)]
struct EventRecorder {
    published: Mutex<Vec<Envelope>>,
    delivered: Mutex<HashSet<EventId>>,
}

impl Consume for EventRecorder {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        let delivered = self.delivered.lock();
        if !delivered.contains(&incoming.envelope.id) {
            self.published.lock().push((*incoming.envelope).clone());
        }
        ready(Ok(())).boxed()
    }
}

/// A context on a new SQLite database in memory, at [`START`].
///
/// # Panics
/// The database cannot be opened.
pub fn context() -> (SimClock, ServiceContext) {
    let clock = SimClock::starting_at(START.parse::<Time>().expect("a time"));
    let shared: common::SharedClock = Arc::new(clock.clone());
    let ids = Ids::new(Arc::clone(&shared), Arc::new(SeededEntropy::new(7)));
    let backend = SqliteBackend::in_memory().expect("a database in memory");
    let store = Store::new(backend, Arc::clone(&shared), ids.clone());
    let (bus, tasks) = (Arc::new(LocalBus::new()), Tasks::default());
    (clock, ServiceContext { store, clock: shared, ids, bus, tasks })
}

impl TestService {
    /// Starts a service on a new database.
    pub async fn start(build: impl FnOnce(&ServiceContext) -> Service) -> Self {
        let (clock, context) = context();
        let service = build(&context);
        Self::start_on(clock, context, service, None).await
    }

    /// Starts a service on a database that may contain data. Tokens are verified with `keys`, by default with those of
    /// [`Self::person`].
    ///
    /// # Panics
    /// The service does not start.
    pub async fn start_on(
        clock: SimClock,
        context: ServiceContext,
        service: Service,
        keys: Option<Arc<dyn VerifyingKeys>>,
    ) -> Self {
        let tasks = context.tasks.clone();
        let people = Arc::new(TestKeys::new());
        let keys = keys.unwrap_or_else(|| people.clone());
        let sessions = Sessions::new(keys);
        let options = HttpOptions::default();
        let subscribed =
            SubscribedService::new(service, &context, sessions, &options).await.expect("it subscribes");
        let recorder = Arc::new(EventRecorder::default());
        let everything =
            Subscription { consumer: "test", subjects: Subject::ALL, handler: Arc::clone(&recorder) as _ };
        let (store, ids) = (context.store.clone(), context.ids.clone());
        let consumer = ConsumerLoop::new(everything, context.bus.as_ref(), store, context.clock.clone(), ids);
        tasks.spawn(consumer.run(tasks.stop_token()));
        let running = subscribed.start(&tasks, &tasks);
        let router = running.router.clone();
        let deliveries_in_flight = Arc::default();
        Self { clock, context, router, running, tasks, keys: people, recorder, deliveries_in_flight }
    }

    /// Stops the service as a process does, and returns the parts for [`Self::start_on`].
    pub async fn stop(self) -> (SimClock, ServiceContext) {
        self.tasks.stop(crate::stop::WORK_TIMEOUT).await;
        let ServiceContext { store, clock, ids, .. } = &self.context;
        // Without what the process remembers.
        let store = Store::new(Arc::clone(store.backend()), Arc::clone(clock), ids.clone());
        (self.clock.clone(), ServiceContext { store, tasks: Tasks::default(), ..self.context.clone() })
    }

    /// A user with a session token that is valid for 15 minutes.
    pub fn person(&self, name: &str) -> Person {
        self.keys.person(name, &self.context)
    }

    /// A caller without a session.
    pub fn anonymous(&self) -> Caller {
        Caller::new(self.router.clone(), None)
    }

    /// A caller with this user's session.
    pub fn by(&self, person: &Person) -> Caller {
        Caller::new(self.router.clone(), Some(person.token.clone()))
    }

    /// Delivers an event of another service. Returns whether the service has handled it; `false` if its
    /// handler still waits for the clock after 300 ms.
    pub async fn receive(&self, aggregate: Uuid, version: u64, event: Event) -> bool {
        let event = self.envelope(aggregate, version, event);
        self.deliver(event).await
    }

    /// As [`Self::receive`]; the same envelope can be delivered again.
    pub async fn deliver(&self, event: Envelope) -> bool {
        self.recorder.delivered.lock().insert(event.id);
        let (bus, event) = (Arc::clone(&self.context.bus), Arc::new(event));
        let count = Arc::clone(&self.deliveries_in_flight);
        count.fetch_add(1, Ordering::SeqCst);
        let (done, handled) = tokio::sync::oneshot::channel();
        self.tasks.spawn(async move {
            let published = bus.publish(event).await.is_ok();
            count.fetch_sub(1, Ordering::SeqCst);
            let _ = done.send(published);
        });
        matches!(tokio::time::timeout(DELIVERY_TIMEOUT, handled).await, Ok(Ok(true)))
    }

    /// Wraps an event at the current time.
    pub fn envelope(&self, aggregate: Uuid, version: u64, event: Event) -> Envelope {
        let schema = event.subject().schema();
        let time = self.context.clock.now();
        Envelope { id: self.context.ids.next(), schema, aggregate, version, time, trace: None, event }
    }

    /// The events that the service has published since the last call, in order.
    pub async fn published(&self) -> Vec<Envelope> {
        self.settle().await;
        std::mem::take(&mut *self.recorder.published.lock())
    }

    /// Waits until the outbox is empty, the workers are idle and no delivery is in flight; ignores deliveries whose
    /// handlers wait for the clock.
    ///
    /// # Panics
    /// The service does not settle in time.
    #[expect(
        clippy::disallowed_methods,
        reason = "the service runs in real time; only its clock is simulated"
    )]
    pub async fn settle(&self) {
        let began = tokio::time::Instant::now();
        let mut quiet = 0;
        while quiet < 3 {
            let empty = self.context.store.backend().outbox(0, 1).await.expect("the outbox").is_empty();
            let waited = began.elapsed() > DELIVERY_TIMEOUT;
            let handled = self.deliveries_in_flight.load(Ordering::SeqCst) == 0 || waited;
            let idle = empty && handled && self.is_idle().await;
            quiet = if idle { quiet + 1 } else { 0 };
            assert!(began.elapsed() < TEST_TIMEOUT, "the service does not settle");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Whether no worker has something to do now.
    pub async fn is_idle(&self) -> bool {
        self.running.is_idle().await
    }
}

impl Drop for TestService {
    fn drop(&mut self) {
        self.tasks.stop_token().cancel();
    }
}
