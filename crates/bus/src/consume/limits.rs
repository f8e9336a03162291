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
    /// How often an event may be delivered before it becomes a dead letter without another attempt, counted over all
    /// processes of the service. One that kills its process is never seen to fail; this ends it. A stop or a lost
    /// connection also costs a delivery, so this must leave room for some of those.
    pub deliveries: u64,
    /// After how many deliveries an event is suspected of killing its process. Suspects are tried one at a time, so that
    /// the others are done before they have been delivered too often, too.
    pub suspected: u64,
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
            deliveries: 20,
            suspected: 3,
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
