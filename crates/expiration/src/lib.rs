//! Deadlines: says when a hold has run out.
//!
//! It does not decide what that means: orders does, by the state of the order and by its own clock.

mod alarm;
mod consume;
mod deadlines;
mod documents;
pub mod domain;
mod workers;

use std::sync::Arc;

use bus::Subscription;
use runtime::{Service, ServiceContext};

use crate::consume::Consumer;
use crate::deadlines::Deadlines;

/// The name of the service.
pub const NAME: &str = "expiration";

/// The expiration service.
pub fn service(context: &ServiceContext) -> Service {
    let deadlines = Deadlines::new(context);
    let workers = workers::workers(&deadlines);
    Service {
        subscriptions: vec![Subscription {
            consumer: NAME,
            subjects: consume::SUBJECTS,
            handler: Arc::new(Consumer(deadlines)),
        }],
        workers,
        ..Service::new(NAME, "/api/expiration")
    }
}
