//! The limits of a consumer.

use std::time::Duration;

use common::Backoff;

/// The limits of a consumer.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Handlers that run concurrently.
    pub max_concurrent: usize,
    /// Events in memory: running, waiting for a retry, or queued behind one of their aggregate. An event that waits holds
    /// no permit, so it delays the other aggregates only once so many wait. Each takes some kilobytes.
    pub max_buffered: usize,
    /// The timeout of one attempt, which then counts as failed.
    pub attempt_timeout: Duration,
    /// Failed attempts after which an event becomes a dead letter.
    pub max_attempts: u32,
    /// Deliveries after which an event becomes a dead letter without another attempt, counted over all processes of
    /// the service: an event that crashes its process never fails an attempt. A stop or a lost connection also costs a
    /// delivery, so this leaves room for some of those.
    pub max_deliveries: u64,
    /// Deliveries after which an event may be a poison event, one that crashes its process. Poison candidates are tried
    /// one at a time, so that the harmless ones succeed before they reach `max_deliveries`.
    pub quarantine_after: u64,
    /// The delay after the first failure, doubled after each further one.
    pub first_retry_delay: Duration,
    /// The upper bound of that delay.
    pub max_retry_delay: Duration,
    /// The interval at which the consumer polls for dead letters to replay.
    pub replay_interval: Duration,
    /// The time that a stop leaves to running handlers.
    pub stop_timeout: Duration,
}

impl Default for Limits {
    /// Ten attempts span some 25 seconds: longer than a restart of a dependency, short enough for an operator who
    /// waits for the dead letter.
    fn default() -> Self {
        Self {
            max_concurrent: 64,
            max_buffered: 8192,
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
