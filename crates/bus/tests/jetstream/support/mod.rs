//! Processes on a NATS server, and sample events.

mod consumer;
mod marketplace;

use std::sync::Arc;

use common::clock::SystemClock;
use common::event::{DeadlinePassed, PaymentSnapshot, Subject};
use common::{Clock, Envelope, Event, Ids, OrderId, SystemEntropy};
use servers::{Server, ServerLocation, nats};
use store::Store;
use store::sqlite::SqliteBackend;

pub(crate) use consumer::{Ends, RunningConsumer};
pub(crate) use marketplace::{Marketplace, connect, eventually, expect, next, publish, within};

pub(crate) const DEADLINES: &[Subject] = &[Subject::ExpirationCompleted];

pub(crate) fn ids() -> Ids {
    Ids::new(Arc::new(SystemClock), Arc::new(SystemEntropy))
}

/// `expiration.completed`.
pub(crate) fn event(order: OrderId) -> Event {
    Event::ExpirationCompleted(DeadlinePassed { order_id: order, expires_at: SystemClock.now() })
}

/// `expiration.completed` of a new order.
pub(crate) fn envelope() -> Arc<Envelope> {
    let order: OrderId = ids().next();
    Arc::new(Envelope::new(ids().next(), order.into(), 1, SystemClock.now(), event(order)))
}

/// `payment.captured` of a new payment.
pub(crate) fn captured() -> Arc<Envelope> {
    payment(Event::PaymentCaptured)
}

/// `payment.refunded` of a new payment.
pub(crate) fn refunded() -> Arc<Envelope> {
    payment(Event::PaymentRefunded)
}

fn payment(event: fn(PaymentSnapshot) -> Event) -> Arc<Envelope> {
    const SAMPLE: &str = include_str!("../../../../common/tests/golden/payment.captured.v1.json");
    let sample: Envelope = serde_json::from_str(SAMPLE).expect("an event");
    let Event::PaymentCaptured(payment) = sample.event else { panic!("the sample is a captured payment") };
    Arc::new(Envelope { id: ids().next(), aggregate: ids().next(), event: event(payment), ..sample })
}

/// A database in memory.
pub(crate) fn database() -> Store {
    let backend = SqliteBackend::in_memory().expect("a database");
    Store::new(backend, Arc::new(SystemClock), ids())
}

/// A server of the test's own.
pub(crate) fn own_server() -> Server {
    nats::start(ServerLocation::default()).expect("a NATS server")
}
