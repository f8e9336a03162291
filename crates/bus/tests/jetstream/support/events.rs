//! Events that no other run has sent.

use std::sync::Arc;

use common::clock::SystemClock;
use common::event::{DeadlinePassed, Subject};
use common::{Clock, Envelope, Event, Ids, OrderId, SystemEntropy};

pub(crate) const DEADLINES: &[Subject] = &[Subject::ExpirationCompleted];

pub(crate) fn ids() -> Ids {
    Ids::new(Arc::new(SystemClock), Arc::new(SystemEntropy))
}

/// What is announced when a new order's time is up.
pub(crate) fn event(order: OrderId) -> Event {
    Event::ExpirationCompleted(DeadlinePassed { order_id: order, expires_at: SystemClock.now() })
}

/// `expiration.completed` of a new order.
pub(crate) fn envelope() -> Arc<Envelope> {
    let order: OrderId = ids().next();
    Arc::new(Envelope {
        id: ids().next(),
        schema: 1,
        aggregate: order.into(),
        version: 1,
        time: SystemClock.now(),
        trace: None,
        event: event(order),
    })
}
