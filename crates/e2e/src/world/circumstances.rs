//! What may be special about a world.

use std::sync::Arc;

use axum::Router;
use bus::{Bus, LocalBus};
use common::clock::SimClock;
use runtime::HttpOptions;
use store::Backend;
use stripe_sim::Fees;

/// Comes between a service and its database.
pub type AtTheDatabase = Box<dyn Fn(Arc<dyn Backend>) -> Arc<dyn Backend> + Send + Sync>;

/// Makes a bus that lives by this clock.
pub type MakesTheBus = Box<dyn FnOnce(&SimClock) -> Arc<dyn Bus> + Send>;

/// Comes between the card processor and whoever calls it.
pub type BeforeStripe = Box<dyn FnOnce(Router) -> Router + Send>;

/// What is special about a world; by default, nothing.
pub struct Circumstances {
    /// How people reach it.
    pub http: HttpOptions,
    /// What the card processor takes for its work.
    pub fees: Fees,
    /// Makes what carries the events.
    pub bus: MakesTheBus,
    /// Comes between each service and its database.
    pub at_the_database: AtTheDatabase,
    /// Comes between the card processor and its callers.
    pub before_stripe: BeforeStripe,
}

impl Default for Circumstances {
    fn default() -> Self {
        Self {
            http: HttpOptions::default(),
            fees: Fees::default(),
            bus: Box::new(|_| Arc::new(LocalBus::new())),
            at_the_database: Box::new(|database| database),
            before_stripe: Box::new(|stripe| stripe),
        }
    }
}
