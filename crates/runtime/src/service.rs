//! The context that a service is built from, and the parts that it consists of.

use std::sync::Arc;

use bus::{Bus, Subscription};
use common::http::token::VerifyingKeys;
use common::{Ids, SharedClock};
use store::{Store, Verifier};
use utoipa_axum::router::OpenApiRouter;

use crate::{Tasks, Worker};

/// The dependencies of a service: the same types in a cluster, in one process and in a test.
#[derive(Clone)]
pub struct ServiceContext {
    /// The service's database.
    pub store: Store,
    /// The clock.
    pub clock: SharedClock,
    /// The source of ids and random bytes.
    pub ids: Ids,
    /// The bus, for live feeds ([`Bus::live`]). Events are published through the outbox, never directly.
    pub bus: Arc<dyn Bus>,
    /// The tasks of the service: those that it is started with. Work that must outlive its caller runs in them.
    pub tasks: Tasks,
}

/// The parts of a service. None of them runs before the service is started.
pub struct Service {
    /// The name, also of the service's consumer on the bus.
    pub name: &'static str,
    /// The path prefix of its routes, such as `/api/tickets`; `<prefix>/openapi.json` describes them.
    pub prefix: &'static str,
    /// The service's own collections.
    pub documents: &'static [Verifier],
    /// The routes with their full paths and descriptions, without the shared middleware.
    pub routes: OpenApiRouter,
    /// The consumers.
    pub subscriptions: Vec<Subscription>,
    /// The background workers.
    pub workers: Vec<Worker>,
    /// The paths of signed requests: see `common::http::MiddlewareStack::new`.
    pub signed_paths: &'static [&'static str],
    /// The keys that sessions are verified with, in auth; the other services fetch them from auth.
    pub verifying_keys: Option<Arc<dyn VerifyingKeys>>,
}

impl Service {
    /// A service without routes, consumers and workers.
    pub fn new(name: &'static str, prefix: &'static str) -> Self {
        Self {
            name,
            prefix,
            documents: &[],
            routes: OpenApiRouter::new(),
            subscriptions: Vec::new(),
            workers: Vec::new(),
            signed_paths: &[],
            verifying_keys: None,
        }
    }
}
