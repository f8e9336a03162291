//! Orders: who is buying a ticket, and until when.
//!
//! An order that is not cancelled claims its ticket in this service's own database, so of any number of simultaneous
//! buyers one gets it. No payment is accepted past the deadline, whether or not anybody said that it has passed.

mod consume;
mod documents;
pub mod domain;
mod http;
mod live;
mod orders;
mod place;

use std::sync::Arc;
use std::time::Duration;

use bus::Subscription;
use runtime::{EventStreams, Service, ServiceContext};

use crate::consume::Consumer;
use crate::http::Watching;
use crate::live::Feed;
use crate::orders::Orders;

/// The name of the service.
pub const NAME: &str = "orders";

/// What an operator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// How long a ticket is held for a buyer who has not paid.
    pub hold: Duration,
}

impl Default for Config {
    /// A quarter of an hour: time to find the card.
    fn default() -> Self {
        Self { hold: Duration::from_mins(15) }
    }
}

/// The orders service.
pub fn service(context: &ServiceContext, config: Config) -> Service {
    let orders = Orders::new(context, config);
    let (feed, telling) = Feed::new(context.bus.as_ref());
    let watching = Watching { orders: orders.clone(), feed, streams: EventStreams::new(context) };
    Service {
        routes: http::routes(orders.clone(), watching),
        subscriptions: vec![Subscription {
            consumer: NAME,
            subjects: consume::SUBJECTS,
            handler: Arc::new(Consumer(orders)),
        }],
        workers: vec![telling],
        ..Service::new(NAME, "/api/orders")
    }
}
