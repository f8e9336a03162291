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
use utoipa_axum::router::OpenApiRouter;

use crate::consume::Consumer;
use crate::deadlines::Deadlines;

/// The expiration service.
pub fn service(context: &ServiceContext) -> Service {
    const NAME: &str = "expiration";
    let deadlines = Deadlines::new(context);
    let workers = workers::workers(&deadlines);
    Service {
        name: NAME,
        prefix: "/api/expiration",
        routes: OpenApiRouter::new(),
        subscriptions: vec![Subscription {
            consumer: NAME,
            subjects: consume::SUBJECTS,
            handler: Arc::new(Consumer(deadlines)),
        }],
        workers,
        signed_paths: &[],
    }
}
