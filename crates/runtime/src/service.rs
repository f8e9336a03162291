//! What a service is made from, and what it consists of.

use std::sync::Arc;

use bus::{Bus, Subscription};
use common::{Ids, SharedClock};
use futures::future::{BoxFuture, FutureExt};
use store::Store;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

/// What a service is made from: the same in a cluster, on one machine and in a test.
#[derive(Clone)]
pub struct ServiceContext {
    /// Its database.
    pub store: Store,
    /// The time.
    pub clock: SharedClock,
    /// New ids and random bytes.
    pub ids: Ids,
    /// What happens elsewhere, for whoever watches it live ([`Bus::live`]). What a service has to say goes through
    /// its outbox instead.
    pub bus: Arc<dyn Bus>,
}

/// What a service consists of. Nothing in it runs before it is started.
pub struct Service {
    /// Its name, which is also its consumer name on the bus.
    pub name: &'static str,
    /// Where its routes begin, such as `/api/tickets`; its description is served below it.
    pub prefix: &'static str,
    /// Its routes, with full paths and their description. The shared middleware comes around them.
    pub routes: OpenApiRouter,
    /// What it listens to.
    pub subscriptions: Vec<Subscription>,
    /// What it does by itself.
    pub workers: Vec<Worker>,
    /// Paths below which machines call with signatures of their own: see `common::http::Stack::new`.
    pub signed_paths: &'static [&'static str],
}

type Run = Box<dyn FnOnce(CancellationToken) -> BoxFuture<'static, ()> + Send>;
type Idle = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// Something that a service does by itself for as long as it runs, such as firing deadlines.
pub struct Worker {
    /// Its name in logs.
    pub name: &'static str,
    /// Runs until the token is cancelled, then finishes the step at hand and returns.
    pub run: Run,
    /// Whether nothing is due now. Tests wait for this instead of sleeping.
    pub idle: Idle,
}

impl Worker {
    /// A worker.
    pub fn new<R, I>(
        name: &'static str,
        run: impl FnOnce(CancellationToken) -> R + Send + 'static,
        idle: impl Fn() -> I + Send + Sync + 'static,
    ) -> Self
    where
        R: Future<Output = ()> + Send + 'static,
        I: Future<Output = bool> + Send + 'static,
    {
        Self { name, run: Box::new(move |stop| run(stop).boxed()), idle: Arc::new(move || idle().boxed()) }
    }
}
