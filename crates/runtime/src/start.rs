//! The two phases of a service's start: subscribe, then run.

use std::sync::Arc;

use axum::Router;
use bus::{ConsumerLoop, Relay};
use common::http::Sessions;
use futures::future::BoxFuture;
use store::StoreError;
use utoipa::openapi::OpenApi;

use crate::revocation::Revocations;
use crate::{HttpOptions, Service, ServiceContext, Tasks, Worker, routes, upgrade};

/// A service that has subscribed and does not run yet. Services in one process all subscribe before the first one
/// runs, so that no event is published before its consumers exist.
pub struct SubscribedService {
    prefix: &'static str,
    consumers: Vec<ConsumerLoop>,
    workers: Vec<Worker>,
    relay: Relay,
    router: Router,
    openapi: OpenApi,
}

/// A running service. Its tasks belong to the [`Tasks`] that it was started with.
pub struct RunningService {
    /// The path prefix of its routes.
    pub prefix: &'static str,
    /// Its routes.
    pub router: Router,
    /// Their description, `openapi.json`.
    pub openapi: OpenApi,
    idle: Vec<Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>>,
}

impl SubscribedService {
    /// Subscribes the consumers of a service.
    ///
    /// # Errors
    /// The database failed.
    pub async fn new(
        service: Service,
        context: &ServiceContext,
        sessions: Sessions,
        options: &HttpOptions,
    ) -> Result<Self, StoreError> {
        let ServiceContext { store, clock, ids, bus, .. } = context;
        let revocations = Revocations::new(store, sessions.clone(), clock.clone());
        let revocation_worker = revocations.worker(bus.as_ref()).await?;
        let mut subscriptions = service.subscriptions;
        subscriptions.push(revocations.subscription(service.name));
        let consumer = |one| ConsumerLoop::new(one, bus.as_ref(), store.clone(), clock.clone(), ids.clone());
        let consumers = subscriptions.into_iter().map(consumer).collect();
        let served = routes(
            service.name,
            service.routes,
            service.prefix,
            service.signed_paths,
            context,
            sessions,
            options,
        );
        let mut workers = service.workers;
        let upgrades = upgrade::worker(store.clone(), service.documents, clock.clone());
        workers.extend([served.worker, revocation_worker, upgrades]);
        let (backend, bus) = (Arc::clone(store.backend()), Arc::clone(bus));
        let relay = Relay::new(service.name, backend, bus, clock.clone(), ids.clone());
        Ok(Self {
            prefix: service.prefix,
            consumers,
            workers,
            relay,
            router: served.router,
            openapi: served.openapi,
        })
    }

    /// Runs the consumers and workers in `tasks` and the relay in `relays`. Stop `relays` last, so that the last events
    /// are published.
    pub fn start(self, tasks: &Tasks, relays: &Tasks) -> RunningService {
        for consumer in self.consumers {
            tasks.spawn(consumer.run(tasks.stop_token()));
        }
        let mut idle = Vec::new();
        for worker in self.workers {
            idle.push(worker.idle);
            tasks.spawn((worker.run)(tasks.stop_token()));
        }
        relays.spawn(self.relay.run(relays.stop_token()));
        RunningService { prefix: self.prefix, router: self.router, openapi: self.openapi, idle }
    }
}

impl RunningService {
    /// Whether all workers are idle.
    pub async fn is_idle(&self) -> bool {
        for idle in &self.idle {
            if !idle().await {
                return false;
            }
        }
        true
    }
}
