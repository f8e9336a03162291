//! Expiration: the deadlines of orders, and the event that each deadline publishes when it passes.
//!
//! **Invariant:** this service decides nothing about orders. The orders service does, by the order's state and its own
//! clock.

mod consumer;
pub mod domain;
mod recovery;
mod storage;
mod workers;

pub use recovery::RECOVERY;
pub use storage::DOCUMENTS;

use std::sync::Arc;

use bus::Subscription;
use common::{SharedClock, Time};
use runtime::{Service, ServiceContext, WakeSignal};
use store::Collection;

use crate::domain::Deadline;

/// The name of the service, and of its consumer on the bus.
pub const NAME: &str = "expiration";

/// The expiration service.
pub fn service(context: &ServiceContext) -> Service {
    let deadlines = Deadlines::new(context);
    Service {
        documents: DOCUMENTS,
        workers: workers::workers(&deadlines),
        subscriptions: vec![Subscription {
            consumer: NAME,
            subjects: consumer::SUBJECTS,
            handler: Arc::new(deadlines),
        }],
        ..Service::new(NAME, "/api/expiration")
    }
}

/// The state that the consumer and the workers share. Cheap to clone.
#[derive(Clone)]
struct Deadlines {
    store: Collection<Deadline>,
    wake: Arc<WakeSignal>,
    clock: SharedClock,
}

impl Deadlines {
    fn new(context: &ServiceContext) -> Self {
        Self { store: context.store.collection(), wake: Arc::default(), clock: context.clock.clone() }
    }

    fn now(&self) -> Time {
        self.clock.now()
    }
}
