//! Payments: the money of each order at Stripe.
//!
//! **Invariant:** every call to Stripe that changes something is a step that was committed before (write-ahead). The call
//! is made under an idempotency key that is derived from the payment and the step; then its outcome is committed. After a
//! crash any replica runs the step again.

mod config;
mod consumer;
pub mod domain;
mod http;
mod metrics;
mod overdue;
mod reconcile;
mod recovery;
mod refund;
mod start_payment;
mod steps;
mod storage;
mod stripe;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bus::Subscription;
use common::{OrderId, SharedClock};
use runtime::{Service, ServiceContext, Tasks, WakeSignal};
use store::{Collection, StoreError};
use tokio::sync::Semaphore;

pub use config::{Config, ConfigError};
pub use reconcile::{Finding, ReconcileError, Report, WINDOW, reconcile};
pub use recovery::{RECOVERY, RECOVERY_WINDOW};
pub use refund::{RefundError, RefundStarted, refund};
pub use storage::DOCUMENTS;

use crate::domain::{OrderReplica, Payment};
use crate::reconcile::ReconcileSchedule;
use crate::storage::order_key;
use crate::stripe::Stripe;

/// The name of the service, and of its consumer on the bus.
pub const NAME: &str = "payments";

/// The payments service.
///
/// # Errors
/// The configuration is unsafe or unusable.
pub fn service(context: &ServiceContext, config: Config) -> Result<Service, ConfigError> {
    let payments = Payments::new(context, config)?;
    metrics::register();
    let mut workers = vec![steps::worker(payments.clone()), reconcile::worker(payments.clone())];
    workers.extend(overdue::workers(&payments));
    Ok(Service {
        documents: DOCUMENTS,
        routes: http::routes(payments.clone()),
        subscriptions: vec![Subscription {
            consumer: NAME,
            subjects: consumer::SUBJECTS,
            handler: Arc::new(payments),
        }],
        workers,
        signed_paths: &[http::WEBHOOK],
        ..Service::new(NAME, "/api/payments")
    })
}

/// The state that handlers, consumer and workers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Payments(Arc<Shared>);

pub(crate) struct Shared {
    store: Collection<Payment>,
    orders: Collection<OrderReplica>,
    reconcile_schedules: Collection<ReconcileSchedule>,
    stripe: Stripe,
    clock: SharedClock,
    config: Config,
    /// Runs captures at once that an event of an order causes.
    tasks: Tasks,
    /// Bounds these captures.
    captures: Arc<Semaphore>,
    /// Wakes the worker for steps that are due before its next run.
    wake: WakeSignal,
    /// The steps in progress and started since the start, from which the worker derives whether it is idle.
    steps_in_flight: Arc<AtomicUsize>,
    steps_started: AtomicUsize,
    reconciliations_in_flight: Arc<AtomicUsize>,
}

impl std::ops::Deref for Payments {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Payments {
    fn new(context: &ServiceContext, config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        let stripe = Stripe::new(&config.secret_key, config.stripe_url.as_deref())?;
        Ok(Self(Arc::new(Shared {
            store: context.store.collection(),
            orders: context.store.collection(),
            reconcile_schedules: context.store.collection(),
            stripe,
            clock: context.clock.clone(),
            config,
            tasks: context.tasks.clone(),
            captures: Arc::new(Semaphore::new(steps::MAX_IN_FLIGHT)),
            wake: WakeSignal::default(),
            steps_in_flight: Arc::default(),
            steps_started: AtomicUsize::new(0),
            reconciliations_in_flight: Arc::default(),
        })))
    }

    async fn by_order(&self, order: OrderId) -> Result<Option<Payment>, StoreError> {
        self.store.get_by_unique_key(order_key(order)).await
    }

    /// As [`Self::by_order`], perhaps outdated, to decide on it with [`Self::update`].
    async fn recent_by_order(&self, order: OrderId) -> Result<Option<Payment>, StoreError> {
        self.store.get_recent_by_unique_key(order_key(order)).await
    }
}

/// Counts a task for as long as the guard lives.
struct InFlightGuard(Arc<AtomicUsize>);

impl InFlightGuard {
    fn new(counter: &Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(counter))
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
