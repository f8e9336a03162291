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

/// The first delay of [`Incoming::retry_delay`]: what an event waits for arrives within milliseconds as a rule.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(50);
/// The longest such delay.
const MAX_RETRY_DELAY: Duration = Duration::from_millis(500);

impl Incoming {
    /// The timeout of [`Self::retry_missing`]: longer than a superseded primary of MongoDB answers reads, which is ten
    /// seconds (`electionTimeoutMillis`).
    pub const MISSING_TIMEOUT: Duration = Duration::from_secs(30);

    /// Retries an event whose aggregate is missing though it must exist, because the event followed from it: a superseded
    /// database may have answered.
    ///
    /// # Errors
    /// [`ConsumeError::RetryLater`] until [`Self::MISSING_TIMEOUT`] has passed. From then on the aggregate counts as
    /// missing.
    pub fn retry_missing(&self, now: Time) -> Result<(), ConsumeError> {
        self.retry_delay(Self::MISSING_TIMEOUT, now)
            .map_or(Ok(()), |delay| Err(ConsumeError::RetryLater(delay)))
    }

    /// The delay before the next retry of an event that is not ready, which grows with the time that has passed. Returns
    /// `None` once `timeout` has passed.
    pub fn retry_delay(&self, timeout: Duration, now: Time) -> Option<Duration> {
        let passed = now - self.first_attempt_at;
        let left = timeout.checked_sub(passed).filter(|left| !left.is_zero())?;
        Some((passed / 2).clamp(FIRST_RETRY_DELAY, MAX_RETRY_DELAY).min(left))
    }
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

#[cfg(test)]
mod tests {
    use common::Event;
    use common::event::DeadlinePassed;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn delays_grow_and_end_exactly_at_the_timeout() {
        let start: Time = "2026-11-22T10:00:00Z".parse().expect("a time");
        let id = Uuid::nil();
        let event = Event::ExpirationCompleted(DeadlinePassed { order_id: id.into(), expires_at: start });
        let envelope = Envelope::new(id.into(), id, 1, start, event);
        let incoming = Incoming { envelope: Arc::new(envelope), first_attempt_at: start };

        let (mut delays, mut now) = (Vec::new(), start);
        while let Err(ConsumeError::RetryLater(next)) = incoming.retry_missing(now) {
            delays.push(next);
            now = now.after(next);
        }
        assert_eq!(now - start, Incoming::MISSING_TIMEOUT);
        let (_, but_last) = delays.split_last().expect("delays");
        assert!(but_last.is_sorted(), "{but_last:?}");
        assert_eq!((but_last.first(), but_last.last()), (Some(&FIRST_RETRY_DELAY), Some(&MAX_RETRY_DELAY)));
    }
}
