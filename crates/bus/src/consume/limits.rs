//! The bounds of a consumer.

use std::time::Duration;

use crate::backoff::Backoff;

/// What a consumer may use, and when it gives up.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many handlers run at the same time.
    pub running: usize,
    /// How many events are held in memory: running, waiting for another try, or behind one of their aggregate.
    pub held: usize,
    /// How long one attempt may take; then it is dropped and counts as failed.
    pub timeout: Duration,
    /// How many attempts may fail before the event becomes a dead letter.
    pub attempts: u32,
    /// The delay after the first failure; it doubles with each further one.
    pub first_delay: Duration,
    /// The longest delay between two attempts.
    pub longest_delay: Duration,
    /// How often the consumer looks for dead letters that shall be handled again.
    pub replay_every: Duration,
    /// How long a stop waits for the handlers that are running.
    pub stop_within: Duration,
}

impl Default for Limits {
    /// Ten attempts are spread over some 25 seconds: longer than a restart of what a handler stands on, short enough
    /// for an operator who waits for the dead letter.
    fn default() -> Self {
        Self {
            running: 64,
            held: 1024,
            timeout: Duration::from_secs(30),
            attempts: 10,
            first_delay: Duration::from_millis(50),
            longest_delay: Duration::from_secs(30),
            replay_every: Duration::from_secs(10),
            stop_within: Duration::from_secs(10),
        }
    }
}

impl Limits {
    pub(super) fn backoff(&self) -> Backoff {
        Backoff { first: self.first_delay, longest: self.longest_delay }
    }
}
