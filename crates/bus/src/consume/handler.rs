//! The service's side of the consumer loop: the handler, its subscription and its errors.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use common::event::Subject;
use common::{Envelope, Time};
use futures::future::BoxFuture;
use store::{CommitError, StoreError, UpdateError};

/// The handler of a consumer's events. Within a process, events of one aggregate are handled one after another and
/// those of different aggregates concurrently.
///
/// Any event may be late or redelivered, and another process of the service may handle the aggregate's next event
/// meanwhile, so handling is idempotent by version.
pub trait Consume: Send + Sync + 'static {
    /// Handles one event.
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>>;
}

/// An event as a handler receives it.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The event.
    pub envelope: Arc<Envelope>,
    /// The time of this process's first attempt. Handlers measure their timeouts from here, not from publication.
    pub first_attempt_at: Time,
}

/// A consumer, its subjects and its handler.
#[derive(Clone)]
pub struct Subscription {
    /// The name of the durable consumer.
    pub consumer: &'static str,
    /// The subjects.
    pub subjects: &'static [Subject],
    /// The handler.
    pub handler: Arc<dyn Consume>,
}

/// A failed attempt to handle an event.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// A failure: retried with backoff up to [`Limits::max_attempts`](super::Limits::max_attempts), then kept as a
    /// dead letter.
    #[error("{0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
    /// A dependency of the handler (its database, the card processor) is unavailable: retried with backoff without a
    /// limit.
    #[error("{0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// Not ready yet: retried after this delay. No attempt is counted; the handler bounds the total time.
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
            UpdateError::DuplicateKey(key) => CommitError::DuplicateKey(key).into(),
            UpdateError::Store(error) => error.into(),
        }
    }
}

impl From<Infallible> for ConsumeError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
