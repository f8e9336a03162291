//! The port of the bus: publishing, subscriptions and live events.

use std::future::ready;
use std::sync::Arc;

use bytes::Bytes;
use common::Envelope;
use common::event::Subject;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::BoxStream;

use crate::raw_event::{RawEvent, UnreadableEvent};

/// A bus that stores events acknowledges them within milliseconds, so this keeps it busy. While the bus refuses events,
/// the relay retries so many.
const MAX_IN_FLIGHT: usize = 1024;

/// Delivers events between services, at least once.
///
/// Several processes may run the same service. Together they are one consumer: each event is delivered to one of them,
/// and the next event of the same aggregate perhaps to another, which may be faster. Within a process, the consumer loop
/// handles the events of an aggregate one after another, as they arrive. Their order is therefore likely and makes
/// handling cheap, but correctness rests on the version.
pub trait Bus: Send + Sync + 'static {
    /// Publishes an event. After `Ok` the event may leave the outbox: either the bus stores it durably, or every
    /// consumer has acknowledged it. The call may wait for as long as the bus is unavailable. Events are
    /// delivered in the order of the first polls; no call needs to wait for the former one.
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>>;

    /// The events that one relay publishes at once. Further ones wait in their outbox.
    fn max_in_flight(&self) -> usize {
        MAX_IN_FLIGHT
    }

    /// The events of these subjects for this consumer: from this call on, not from the first poll, or, if the bus
    /// stores events, from where the consumer stopped. The stream does not end by itself.
    ///
    /// In one process a consumer calls this once, or again after dropping the former stream.
    fn subscribe(&self, consumer: &'static str, subjects: &'static [Subject])
    -> BoxStream<'static, Delivery>;

    /// The live events of these subjects from this call on: nothing is stored for a listener that is
    /// not connected, nothing waits for a slow one, and an event may come twice. A listener that may have missed
    /// events receives [`Lagged`]. For events that must not be lost, [subscribe](Self::subscribe).
    fn live(&self, subjects: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>>;

    /// Whether the bus is available, for readiness.
    fn check(&self) -> BoxFuture<'_, Result<(), BusError>> {
        ready(Ok(())).boxed()
    }

    /// Closes the bus after the last publisher and handler have finished. Acknowledgements are flushed, unacknowledged
    /// events are redelivered soon, and subscriptions end.
    fn close(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }
}

/// A live listener was too slow, or its connection was lost for a while: events may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lagged;

/// The bus did not accept an event. The event stays in the outbox and is retried.
#[derive(Debug, thiserror::Error)]
#[error("the bus is not available: {0}")]
pub struct BusError(pub String);

/// An event delivered to one consumer. The bus redelivers an event whose delivery is dropped without [`Delivery::ack`].
pub struct Delivery {
    /// The event, or the reason why this release cannot read it.
    pub event: Result<Arc<Envelope>, UnreadableEvent>,
    /// The event as the bus received it; `None`: as this process made it.
    payload: Option<Bytes>,
    /// The number of deliveries to this consumer, in any process, this one included: 1 at first.
    pub deliveries: u64,
    ack: Box<dyn FnOnce() + Send>,
}

impl Delivery {
    /// A delivery whose acknowledgement calls `ack`.
    pub fn new(envelope: Arc<Envelope>, deliveries: u64, ack: impl FnOnce() + Send + 'static) -> Self {
        Self { event: Ok(envelope), payload: None, deliveries, ack: Box::new(ack) }
    }

    /// A delivery of these bytes, which may be unreadable.
    pub fn received(payload: Bytes, deliveries: u64, ack: impl FnOnce() + Send + 'static) -> Self {
        let event = serde_json::from_slice(&payload).map(Arc::new);
        let event = event.map_err(|error| UnreadableEvent::new(&error));
        Self { event, payload: Some(payload), deliveries, ack: Box::new(ack) }
    }

    /// The event, if this release can read it.
    pub fn envelope(&self) -> Option<&Arc<Envelope>> {
        self.event.as_ref().ok()
    }

    /// The event as text or bytes.
    pub fn raw(&self) -> RawEvent {
        match (&self.payload, &self.event) {
            (Some(payload), _) => RawEvent::new(payload),
            (None, Ok(envelope)) => RawEvent::of(envelope),
            (None, Err(_)) => RawEvent::new(&[]),
        }
    }

    /// Acknowledges the event: the consumer is done with it.
    pub fn ack(self) {
        (self.ack)();
    }
}
