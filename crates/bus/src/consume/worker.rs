//! One event from its first attempt to its end.

use std::sync::Arc;
use std::time::Duration;

use common::{Envelope, Ids, SharedClock};
use metrics::{counter, gauge};
use store::{CommitError, Store};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::Limits;
use super::attempt::{attempt, reason};
use super::lanes::Job;
use crate::dead_letter::{DeadLetter, Failure, letters};
use crate::{ConsumeError, Delivery, Incoming, Subscription};

/// The least wait before another try, so that a handler that says "not yet, in no time" cannot spin.
const LEAST_WAIT: Duration = Duration::from_millis(1);

/// Within how long suspects come to stand in line, in an order left to chance.
const SUSPECTS_LINE_UP: Duration = Duration::from_secs(1);

/// What the jobs of one consumer share.
pub(super) struct Worker {
    pub(super) subscription: Subscription,
    pub(super) store: Store,
    pub(super) clock: SharedClock,
    pub(super) ids: Ids,
    pub(super) limits: Limits,
    /// Taken for an attempt, not for the wait between two: those who wait hold nobody up.
    pub(super) running: Semaphore,
    /// Held while a suspect is tried.
    pub(super) alone: Mutex<()>,
    pub(super) stop: CancellationToken,
}

enum Outcome {
    Handled,
    GaveUp(Failure),
    Stopped,
}

impl Worker {
    /// Does a job to its end, or leaves it to the bus or the next look when the consumer is stopped.
    pub(super) async fn work(&self, job: Job) {
        match job {
            Job::Delivered(delivery) => {
                let suspected = delivery.deliveries > self.limits.quarantine_after;
                let outcome = match self.too_often(&delivery) {
                    Some(failure) => Outcome::GaveUp(failure),
                    None if suspected && !self.wait(self.draw()).await => Outcome::Stopped,
                    None => self.handle(&delivery.envelope, suspected).await,
                };
                let done = match outcome {
                    Outcome::Handled => true,
                    Outcome::GaveUp(failure) => self.bury(&delivery.envelope, &failure).await,
                    Outcome::Stopped => false,
                };
                if done {
                    delivery.ack();
                }
            }
            Job::Replay(letter) => {
                if let Err(error) = self.replay(&letter).await {
                    let error: &dyn std::error::Error = &error;
                    warn!(error, "a dead letter was not replayed to its end; the next look tries again");
                }
            }
        }
    }

    /// Why an event that was delivered too often is given up without another attempt.
    fn too_often(&self, delivery: &Delivery) -> Option<Failure> {
        if delivery.deliveries <= self.limits.max_deliveries {
            return None;
        }
        let times = self.limits.max_deliveries;
        let reason = format!("it was delivered {times} times, and no process lived to say what became of it");
        let attempts = u32::try_from(times).unwrap_or(u32::MAX);
        Some(Failure { reason, attempts, at: self.clock.now() })
    }

    async fn replay(&self, found: &DeadLetter) -> Result<(), CommitError> {
        let letters = letters(&self.store);
        // Since it was found, a former replay of it may have ended.
        let Some(letter) = letters.get(found.id).await?.filter(|letter| letter.replay_requested) else {
            return Ok(());
        };
        match self.handle(&Arc::new(letter.event.clone()), false).await {
            Outcome::Handled => {
                letters.remove(&letter).await?;
                self.dead_letters().decrement(1.0);
            }
            Outcome::GaveUp(failure) => {
                self.bury(&letter.event, &failure).await;
            }
            Outcome::Stopped => {}
        }
        Ok(())
    }

    /// Where a suspect lines up. If it kills the process, those behind it come no further but count one delivery more,
    /// so next time they must have a chance to stand before it.
    fn draw(&self) -> Duration {
        SUSPECTS_LINE_UP.mul_f64(self.ids.fraction())
    }

    /// Tries until the event is handled, has failed too often, or the consumer is stopped. One that is suspected of
    /// killing its process is tried while no other suspect is.
    async fn handle(&self, event: &Arc<Envelope>, suspected: bool) -> Outcome {
        let (mut failures, mut absences, mut first_attempt_at) = (0, 0, None);
        loop {
            let turn = async {
                let alone = if suspected { Some(self.alone.lock().await) } else { None };
                (alone, self.running.acquire().await)
            };
            let Some((alone, Ok(running))) = self.stop.run_until_cancelled(turn).await else {
                return Outcome::Stopped;
            };
            let first_attempt_at = *first_attempt_at.get_or_insert_with(|| self.clock.now());
            let incoming = Incoming { envelope: Arc::clone(event), first_attempt_at };
            let limit = self.limits.attempt_timeout;
            let tried = attempt(&*self.subscription.handler, incoming, limit, &self.clock).await;
            drop((alone, running));
            let backoff = self.limits.backoff();
            let wait = match tried {
                Ok(()) => {
                    self.count("events_handled_total", event);
                    return Outcome::Handled;
                }
                Err(ConsumeError::RetryLater(wait)) => wait,
                Err(ConsumeError::Unavailable(cause)) => {
                    absences += 1;
                    self.note(event, "something that the handler stands on is away", &*cause);
                    backoff.delay(absences, &self.ids)
                }
                Err(ConsumeError::Failed(cause)) => {
                    (failures, absences) = (failures + 1, 0);
                    self.note(event, "an event could not be handled", &*cause);
                    if failures >= self.limits.max_attempts {
                        let reason = reason(&*cause);
                        return Outcome::GaveUp(Failure { reason, attempts: failures, at: self.clock.now() });
                    }
                    backoff.delay(failures, &self.ids)
                }
            };
            if !self.wait(wait).await {
                return Outcome::Stopped;
            }
        }
    }

    /// Keeps the event as a dead letter, however often that has to be tried: unless it is kept it must not be
    /// acknowledged. Returns `false` if the consumer is stopped before.
    async fn bury(&self, event: &Envelope, failure: &Failure) -> bool {
        error!(reason = failure.reason, attempts = failure.attempts, "an event is given up");
        for failures in 1_u32.. {
            match DeadLetter::keep(&self.store, self.subscription.consumer, event, failure).await {
                Ok(new) => {
                    if new {
                        self.dead_letters().increment(1.0);
                    }
                    return true;
                }
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    warn!(error, "a dead letter could not be stored; trying again");
                }
            }
            if !self.wait(self.limits.backoff().delay(failures, &self.ids)).await {
                return false;
            }
        }
        false
    }

    /// Waits on the clock. Returns `false` if the consumer is stopped before.
    async fn wait(&self, wait: Duration) -> bool {
        self.stop.run_until_cancelled(self.clock.sleep(wait.max(LEAST_WAIT))).await.is_some()
    }

    fn note(&self, event: &Envelope, what: &'static str, cause: &(dyn std::error::Error + 'static)) {
        warn!(cause = reason(cause), "{what}; trying again");
        self.count("event_failures_total", event);
    }

    fn count(&self, name: &'static str, event: &Envelope) {
        let subject = event.subject().as_str();
        counter!(name, "consumer" => self.subscription.consumer, "subject" => subject).increment(1);
    }

    pub(super) fn dead_letters(&self) -> metrics::Gauge {
        gauge!("dead_letters", "consumer" => self.subscription.consumer)
    }
}
