//! Orders: who is buying a ticket, and until when.
//!
//! **Invariant:** an order that is not cancelled holds the unique key of its ticket in this service's database, so one
//! of any number of simultaneous buyers gets the ticket. No payment that Stripe authorized past the deadline is
//! accepted, even if `expiration.completed` is late.

mod close_account;
mod config;
mod consumer;
pub mod domain;
mod feed;
mod http;
mod metrics;
mod place_order;
mod recovery;
mod storage;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use bus::Subscription;
use common::{SharedClock, Time};
use runtime::{EventStreams, Service, ServiceContext};
use store::Collection;

pub use crate::config::Config;
use crate::domain::{Closing, Order, TicketReplica};
use crate::feed::Feed;
use crate::http::FeedState;
pub use recovery::RECOVERY;
pub use storage::DOCUMENTS;

/// The name of the service, and of its consumer on the bus.
pub const NAME: &str = "orders";

/// The orders service.
pub fn service(context: &ServiceContext, config: Config) -> Service {
    metrics::register();
    let orders = Orders::new(context, config);
    let (feed, feed_worker) = Feed::new(context.bus.as_ref());
    let feed = FeedState { orders: orders.clone(), feed, streams: EventStreams::new(context) };
    let mut workers = vec![feed_worker];
    workers.extend(workers::workers(&orders));
    Service {
        documents: DOCUMENTS,
        routes: http::routes(orders.clone(), feed),
        workers,
        subscriptions: vec![Subscription {
            consumer: NAME,
            subjects: consumer::SUBJECTS,
            handler: Arc::new(orders),
        }],
        ..Service::new(NAME, "/api/orders")
    }
}

/// The state that handlers and the consumer share. Cheap to clone.
#[derive(Clone)]
struct Orders {
    store: Collection<Order>,
    tickets: Collection<TicketReplica>,
    closings: Collection<Closing>,
    hold: Duration,
    clock: SharedClock,
}

impl Orders {
    fn new(context: &ServiceContext, config: Config) -> Self {
        Self {
            store: context.store.collection(),
            tickets: context.store.collection(),
            closings: context.store.collection(),
            hold: config.hold,
            clock: context.clock.clone(),
        }
    }

    fn now(&self) -> Time {
        self.clock.now()
    }
}
