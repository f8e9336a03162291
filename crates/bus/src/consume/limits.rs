//! The bounds of a consumer.

use std::time::Duration;

use common::Backoff;

/// What a consumer may use, and when it gives up.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many handlers run at the same time.
    pub max_concurrent: usize,
    /// How many events are held in memory: running, waiting for another try, or behind one of their aggregate.
    pub max_buffered: usize,
    /// How long one attempt may take; then it is dropped and counts as failed.
    pub attempt_timeout: Duration,
    /// How many attempts may fail before the event becomes a dead letter.
    pub max_attempts: u32,
    /// How often an event may be delivered before it becomes a dead letter without another attempt, counted over all
    /// processes of the service. One that kills its process is never seen to fail; this ends it. A stop or a lost
    /// connection also costs a delivery, so this must leave room for some of those.
    pub max_deliveries: u64,
    /// After how many deliveries an event is suspected of killing its process. Suspects are tried one at a time, so that
    /// the others are done before they have been delivered too often, too.
    pub quarantine_after: u64,
    /// The delay after the first failure; it doubles with each further one.
    pub first_retry_delay: Duration,
    /// The longest delay between two attempts.
    pub max_retry_delay: Duration,
    /// How often the consumer looks for dead letters that shall be handled again.
    pub replay_interval: Duration,
    /// How long a stop waits for the handlers that are running.
    pub stop_timeout: Duration,
}

impl Default for Limits {
    /// Ten attempts are spread over some 25 seconds: longer than a restart of what a handler stands on, short enough
    /// for an operator who waits for the dead letter.
    fn default() -> Self {
        Self {
            max_concurrent: 64,
            max_buffered: 1024,
            attempt_timeout: Duration::from_secs(30),
            max_attempts: 10,
            max_deliveries: 20,
            quarantine_after: 3,
            first_retry_delay: Duration::from_millis(50),
            max_retry_delay: Duration::from_secs(30),
            replay_interval: Duration::from_secs(10),
            stop_timeout: Duration::from_secs(10),
        }
    }
}

impl Limits {
    pub(super) fn backoff(&self) -> Backoff {
        Backoff { first: self.first_retry_delay, max: self.max_retry_delay }
    }
}
