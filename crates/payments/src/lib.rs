//! Payments: what the card processor did, and what it shall do next.
//!
//! Every call to Stripe is an intention first: committed, then performed under an idempotency key that is derived from
//! the payment and the step, then its outcome committed. Whoever dies in between is continued by the next look of any
//! replica.

mod advance;
mod config;
mod consume;
mod documents;
pub mod domain;
mod http;
mod reconcile;
mod refund;
mod stripe;
mod worker;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use bus::Subscription;
use common::{OrderId, SharedClock};
use runtime::{Service, ServiceContext};
use store::{Collection, StoreError};
use tokio::sync::Notify;

pub use config::{Config, ConfigError};
pub use reconcile::{Finding, ReconcileError, Report, WINDOW, reconcile};
pub use refund::{RefundError, RefundStarted, refund};

use crate::documents::Order;
use crate::domain::Payment;
use crate::reconcile::Rounds;
use crate::stripe::Stripe;

/// The service's name.
pub const NAME: &str = "payments";

/// What the handlers, the consumer and the worker share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Payments(Arc<Shared>);

pub(crate) struct Shared {
    payments: Collection<Payment>,
    orders: Collection<Order>,
    rounds: Collection<Rounds>,
    stripe: Stripe,
    clock: SharedClock,
    config: Config,
    /// Rings when a step may have become due.
    step_due: Notify,
    /// How many steps this process is performing, and how many it has begun: for telling whether it is idle.
    under_way: AtomicUsize,
    begun: AtomicUsize,
    reconciling: AtomicUsize,
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
            payments: context.store.collection(),
            orders: context.store.collection(),
            rounds: context.store.collection(),
            stripe,
            clock: context.clock.clone(),
            config,
            step_due: Notify::new(),
            under_way: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            reconciling: AtomicUsize::new(0),
        })))
    }

    /// The payment of an order, if one was begun.
    async fn of_order(&self, order: OrderId) -> Result<Option<Payment>, StoreError> {
        self.payments.get_by_unique_key(Payment::order_key(order)).await
    }
}

/// The payments service.
///
/// # Errors
/// The config are not such that it may start.
pub fn service(context: &ServiceContext, config: Config) -> Result<Service, ConfigError> {
    let payments = Payments::new(context, config)?;
    let handler = Arc::new(consume::Consumer(payments.clone()));
    Ok(Service {
        routes: http::routes(payments.clone()),
        subscriptions: vec![Subscription { consumer: NAME, subjects: consume::SUBJECTS, handler }],
        workers: vec![worker::worker(payments.clone()), reconcile::worker(payments)],
        signed_paths: &[http::WEBHOOK],
        ..Service::new(NAME, "/api/payments")
    })
}
