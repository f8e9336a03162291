//! Brings a service to life: first everybody listens, then anybody speaks.

use std::sync::Arc;

use axum::Router;
use bus::{ConsumerLoop, Relay};
use common::http::Sessions;
use futures::future::BoxFuture;
use store::StoreError;
use utoipa::openapi::OpenApi;

use crate::revocation::Revocations;
use crate::{HttpOptions, Service, ServiceContext, Tasks, Worker, routes};

/// A service that listens and does not speak yet. Services that share a process are all brought here before the
/// first one goes on, so that no event is published before its consumers are there.
pub struct Subscribed {
    prefix: &'static str,
    consumers: Vec<ConsumerLoop>,
    workers: Vec<Worker>,
    relay: Relay,
    router: Router,
    openapi: OpenApi,
}

/// A service at work. Its tasks belong to the [`Tasks`] that it was started with.
pub struct Running {
    /// Where its routes begin.
    pub prefix: &'static str,
    /// Its routes.
    pub router: Router,
    /// Their description.
    pub openapi: OpenApi,
    idle: Vec<Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>>,
}

impl Subscribed {
    /// Subscribes a service to everything that it listens to.
    ///
    /// # Errors
    /// Its database failed.
    pub async fn new(
        service: Service,
        context: &ServiceContext,
        sessions: Sessions,
        options: &HttpOptions,
    ) -> Result<Self, StoreError> {
        let revocations = Revocations::new(&context.store, sessions.clone(), context.clock.clone());
        let watch = revocations.watch(context.bus.as_ref()).await?;
        let mut subscriptions = service.subscriptions;
        subscriptions.push(revocations.subscription(service.name));
        let consumers = subscriptions
            .into_iter()
            .map(|one| {
                ConsumerLoop::new(
                    one,
                    context.bus.as_ref(),
                    context.store.clone(),
                    context.clock.clone(),
                    context.ids.clone(),
                )
            })
            .collect();
        let served = routes(service.routes, service.prefix, service.signed_paths, context, sessions, options);
        let mut workers = service.workers;
        workers.extend([served.worker, watch]);
        let backend = Arc::clone(context.store.backend());
        let relay = Relay::new(
            service.name,
            backend,
            Arc::clone(&context.bus),
            context.clock.clone(),
            context.ids.clone(),
        );
        Ok(Self {
            prefix: service.prefix,
            consumers,
            workers,
            relay,
            router: served.router,
            openapi: served.openapi,
        })
    }

    /// Starts its consumers and its workers among `tasks`, and its relay among `relays`, which stop later, so that
    /// what the last of the others announce still leaves.
    pub fn start(self, tasks: &Tasks, relays: &Tasks) -> Running {
        for consumer in self.consumers {
            tasks.spawn(consumer.run(tasks.stop_token()));
        }
        let mut idle = Vec::new();
        for worker in self.workers {
            idle.push(worker.idle);
            tasks.spawn((worker.run)(tasks.stop_token()));
        }
        relays.spawn(self.relay.run(relays.stop_token()));
        Running { prefix: self.prefix, router: self.router, openapi: self.openapi, idle }
    }
}

impl Running {
    /// Whether none of its workers has anything to do now.
    pub async fn is_idle(&self) -> bool {
        for idle in &self.idle {
            if !idle().await {
                return false;
            }
        }
        true
    }
}
