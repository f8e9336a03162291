//! The port: what a service needs of a bus, and what a bus needs of a service.

use std::error::Error;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use common::event::Subject;
use common::{Envelope, Time};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::BoxStream;
use store::{CommitError, StoreError, UpdateError};

/// Carries events from services to services, at least once.
///
/// Several processes may run the same service. Together they are one consumer: each event goes to one of them, and
/// the next event of the same aggregate perhaps to another, which may be faster. So order within an aggregate is what
/// mostly happens and what makes handling cheap, not what correctness stands on: that is the version.
pub trait Bus: Send + Sync + 'static {
    /// Hands an event to the bus. When this returns `Ok`, the event may leave the outbox: either the bus keeps it
    /// durably, or every consumer has acknowledged it. It may wait for as long as the bus is away.
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>>;

    /// The events of these subjects for the consumer of this name, from now on, or, if the bus keeps them, from
    /// where that consumer left off. It counts from this call on, not from the first poll, and does not end by itself.
    ///
    /// In one process a consumer calls this once, or again after it has dropped the former stream.
    fn subscribe(&self, consumer: &'static str, subjects: &'static [Subject])
    -> BoxStream<'static, Delivery>;

    /// The events of these subjects from this call on, as they are published, for whoever watches: nothing is kept
    /// for a listener that is away, an event may come twice, and one that reads too slowly is told that it
    /// [`Lagged`] some. Nobody waits for it. What must not be lost is [subscribed](Self::subscribe) to.
    fn live(&self, subjects: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>>;

    /// Whether the bus answers, for readiness.
    fn check(&self) -> BoxFuture<'_, Result<(), BusError>> {
        ready(Ok(())).boxed()
    }

    /// Lets go of the bus once nobody publishes or handles events any more: what was acknowledged is told to the bus
    /// for certain, and what was not is delivered again soon. Subscriptions end.
    fn close(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }
}

/// A listener read too slowly, or its connection was lost for a while: some events may never come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lagged;

/// The bus did not take an event. It stays in the outbox and is tried again.
#[derive(Debug, thiserror::Error)]
#[error("the bus is not available: {0}")]
pub struct BusError(pub String);

/// An event on its way to one consumer. Dropping it without [`Delivery::ack`] makes the bus deliver it again.
pub struct Delivery {
    /// The event.
    pub envelope: Arc<Envelope>,
    /// How often it was delivered to this consumer, in whichever process, with this time: 1 at first.
    pub deliveries: u64,
    ack: Box<dyn FnOnce() + Send>,
}

impl Delivery {
    /// A delivery for the so-manieth time; `ack` tells the bus that the consumer is done with it.
    pub fn new(envelope: Arc<Envelope>, deliveries: u64, ack: impl FnOnce() + Send + 'static) -> Self {
        Self { envelope, deliveries, ack: Box::new(ack) }
    }

    /// Tells the bus that the consumer is done with it.
    pub fn ack(self) {
        (self.ack)();
    }
}

/// An event as a consumer sees it.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The event.
    pub envelope: Arc<Envelope>,
    /// When this process first tried it: patience is measured from here, not from when the event was published.
    pub first_attempt_at: Time,
}

/// What a service does with the events that it hears. Within a process, events of one aggregate come one after another
/// and those of different aggregates at the same time; any may come twice or late, and another process of the same
/// service may handle the aggregate's next event meanwhile, so handling is idempotent by version.
pub trait Consume: Send + Sync + 'static {
    /// Handles one event.
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>>;
}

/// A consumer and what it listens to.
#[derive(Clone)]
pub struct Subscription {
    /// The listening service's name.
    pub consumer: &'static str,
    /// The subjects.
    pub subjects: &'static [Subject],
    /// The handler.
    pub handler: Arc<dyn Consume>,
}

/// An event could not be handled now.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// Something failed: try again with growing delays, a bounded number of times, then keep it as a dead letter.
    #[error("{0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
    /// Something that the handler stands on (its database, the card processor) is away: try again with growing
    /// delays for as long as it takes.
    #[error("{0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// Nothing failed, its time has not come: try again after this long. It does not count as an attempt; who
    /// returns this bounds it.
    #[error("retry later")]
    RetryLater(Duration),
}

impl ConsumeError {
    /// A failure of this cause.
    pub fn failed(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(cause.into())
    }
}

impl From<StoreError> for ConsumeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error.into()),
            StoreError::Unreadable(_) => Self::failed(error),
        }
    }
}

impl From<CommitError> for ConsumeError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => error.into(),
            CommitError::Conflict | CommitError::DuplicateKey(_) => Self::failed(error),
        }
    }
}

impl<E: Into<ConsumeError>> From<UpdateError<E>> for ConsumeError {
    fn from(error: UpdateError<E>) -> Self {
        match error {
            UpdateError::Refused(refusal) => refusal.into(),
            UpdateError::DuplicateKey(claim) => CommitError::DuplicateKey(claim).into(),
            UpdateError::Store(error) => error.into(),
        }
    }
}

impl From<std::convert::Infallible> for ConsumeError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
