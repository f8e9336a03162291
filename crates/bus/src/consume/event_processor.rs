//! Processing one event: attempts, retries, quarantine, acknowledgement or dead letter.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use common::{Envelope, Ids, SharedClock};
use metrics::gauge;
use store::{CommitError, Store};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::attempt::{attempt, reason};
use super::event_counters::EventCounters;
use super::handler::{ConsumeError, Incoming, Subscription};
use super::keyed_queues::Job;
use super::limits::Limits;
use crate::dead_letter::{DeadLetter, Failure, letters};
use crate::raw_event::{RawEvent, UnreadableEvent};

/// The lower bound of a retry delay, so that a handler that returns `RetryLater` with no delay cannot spin.
const MIN_RETRY_DELAY: Duration = Duration::from_millis(1);

/// The upper bound of the random delay before a poison candidate enters quarantine.
const MAX_QUARANTINE_DELAY: Duration = Duration::from_secs(1);

/// Processes the jobs of one consumer.
pub(super) struct EventProcessor {
    pub(super) subscription: Subscription,
    pub(super) store: Store,
    pub(super) clock: SharedClock,
    pub(super) ids: Ids,
    pub(super) limits: Limits,
    /// Acquired for an attempt, not for the delay between two.
    pub(super) permits: Semaphore,
    /// Locked during the attempt of a poison candidate.
    pub(super) quarantine: Mutex<()>,
    pub(super) stop: CancellationToken,
    pub(super) counters: EventCounters,
}

enum Outcome {
    Handled,
    Exhausted(Failure),
    Stopped,
}

impl EventProcessor {
    /// Processes a job to its end, or leaves the job to the bus or the next poll when the consumer is stopped.
    pub(super) async fn run(&self, job: Job) {
        match job {
            Job::Delivered(delivery) => {
                let done = match self.outcome(&delivery.event, delivery.deliveries).await {
                    Outcome::Handled => true,
                    Outcome::Exhausted(failure) => self.dead_letter(&delivery.raw(), &failure).await,
                    Outcome::Stopped => false,
                };
                if done {
                    delivery.ack();
                }
            }
            Job::Replay(letter, event) => {
                if let Err(error) = self.replay(&letter, &event).await {
                    warn!(
                        error = &error as &dyn Error,
                        "a replay did not complete; retrying at the next poll"
                    );
                }
            }
        }
    }

    async fn outcome(&self, event: &Result<Arc<Envelope>, UnreadableEvent>, deliveries: u64) -> Outcome {
        let event = match event {
            Ok(event) => event,
            Err(unreadable) => return self.exhausted(0, unreadable.to_string()),
        };
        let max = self.limits.max_deliveries;
        if deliveries > max {
            let reason = "times without an acknowledgement; handling it may crash the process";
            let attempts = u32::try_from(max).unwrap_or(u32::MAX);
            return self.exhausted(attempts, format!("delivered {max} {reason}"));
        }
        let quarantined = deliveries > self.limits.quarantine_after;
        if quarantined && !self.wait(self.quarantine_delay()).await {
            return Outcome::Stopped;
        }
        self.handle(event, quarantined).await
    }

    /// The end of the retries, now.
    fn exhausted(&self, attempts: u32, reason: String) -> Outcome {
        Outcome::Exhausted(Failure { reason, attempts, at: self.clock.now() })
    }

    async fn replay(&self, found: &DeadLetter, event: &Arc<Envelope>) -> Result<(), CommitError> {
        let letters = letters(&self.store);
        // A former replay may have ended since the poll.
        let Some(letter) = letters.get(found.id).await?.filter(|letter| letter.replay_requested) else {
            return Ok(());
        };
        match self.handle(event, false).await {
            Outcome::Handled => {
                letters.remove(&letter).await?;
                self.dead_letter_gauge().decrement(1.0);
            }
            Outcome::Exhausted(failure) => {
                self.dead_letter(&letter.event, &failure).await;
            }
            Outcome::Stopped => {}
        }
        Ok(())
    }

    /// A random delay. If a candidate crashes the process, all others behind it count one more delivery, so the order
    /// must differ next time.
    fn quarantine_delay(&self) -> Duration {
        MAX_QUARANTINE_DELAY.mul_f64(self.ids.fraction())
    }

    /// Tries until the event is handled, has failed too often, or the consumer is stopped. Quarantined events are tried
    /// one at a time.
    async fn handle(&self, event: &Arc<Envelope>, quarantined: bool) -> Outcome {
        let (mut failures, mut outages, mut first_attempt_at) = (0, 0, None);
        loop {
            let admission = async {
                let quarantine = if quarantined { Some(self.quarantine.lock().await) } else { None };
                (quarantine, self.permits.acquire().await)
            };
            let Some((quarantine, Ok(permit))) = self.stop.run_until_cancelled(admission).await else {
                return Outcome::Stopped;
            };
            let first_attempt_at = *first_attempt_at.get_or_insert_with(|| self.clock.now());
            let incoming = Incoming { envelope: Arc::clone(event), first_attempt_at };
            let timeout = self.limits.attempt_timeout;
            let result = attempt(&*self.subscription.handler, incoming, timeout, &self.clock).await;
            drop((quarantine, permit));
            let backoff = self.limits.backoff();
            let delay = match result {
                Ok(()) => {
                    self.counters.handled(event.subject());
                    return Outcome::Handled;
                }
                Err(ConsumeError::RetryLater(delay)) => delay,
                Err(ConsumeError::Unavailable(cause)) => {
                    outages += 1;
                    self.record_failure(event, "a dependency of the handler is unavailable", &*cause);
                    backoff.delay(outages, &self.ids)
                }
                Err(ConsumeError::Failed(cause)) => {
                    (failures, outages) = (failures + 1, 0);
                    self.record_failure(event, "an event could not be handled", &*cause);
                    if failures >= self.limits.max_attempts {
                        return self.exhausted(failures, reason(&*cause));
                    }
                    backoff.delay(failures, &self.ids)
                }
            };
            if !self.wait(delay).await {
                return Outcome::Stopped;
            }
        }
    }

    /// Keeps the event as a dead letter, with retries without a limit: before that it must not be acknowledged. Returns
    /// `false` if the consumer is stopped first.
    async fn dead_letter(&self, event: &RawEvent, failure: &Failure) -> bool {
        error!(reason = failure.reason, attempts = failure.attempts, "an event becomes a dead letter");
        for failures in 1_u32.. {
            match DeadLetter::keep(&self.store, self.subscription.consumer, event, failure).await {
                Ok(new) => {
                    if new {
                        self.dead_letter_gauge().increment(1.0);
                    }
                    return true;
                }
                Err(error) => {
                    warn!(error = &error as &dyn Error, "a dead letter could not be stored; retrying");
                }
            }
            if !self.wait(self.limits.backoff().delay(failures, &self.ids)).await {
                return false;
            }
        }
        false
    }

    /// Sleeps. Returns `false` if the consumer is stopped first.
    async fn wait(&self, delay: Duration) -> bool {
        self.stop.run_until_cancelled(self.clock.sleep(delay.max(MIN_RETRY_DELAY))).await.is_some()
    }

    fn record_failure(&self, event: &Envelope, what: &'static str, cause: &(dyn Error + 'static)) {
        warn!(cause = reason(cause), "{what}; retrying");
        self.counters.failed(event.subject());
    }

    pub(super) fn dead_letter_gauge(&self) -> metrics::Gauge {
        gauge!("dead_letters", "consumer" => self.subscription.consumer)
    }
}
