//! When the next step of a payment is due.

use std::time::Duration;

use common::{Backoff, Time};
use serde::{Deserialize, Serialize};

/// The lease of a step: longer than its calls take together. After the lease any replica may run the step again, which
/// is harmless, because the idempotency key is the same.
pub const LEASE: Duration = Duration::from_secs(30);

/// The delay before the first poll of a payment that waits for its buyer or its order.
const FIRST_POLL_DELAY: Duration = Duration::from_secs(3);
/// Between polls of such a payment.
const POLL_BACKOFF: Backoff = Backoff { first: FIRST_POLL_DELAY, max: Duration::from_mins(1) };
/// Between attempts at a step that failed.
const RETRY_BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_mins(1) };
/// The longest `Retry-After` that is respected: no order waits longer than this.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(15);

/// Whether a step may run before it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunWhen {
    /// Now, because of a hint that the step would succeed.
    Now,
    /// When it is due.
    Due,
}

/// The next step of a payment. A step is leased (one commit), performed, and its outcome committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSchedule {
    /// When the next step is due, or when the lease of the present one ends; `None` if nothing is left to do.
    pub due: Option<Time>,
    /// The number of leases of the present step, or of polls in a row. While 0, the step's first call was not made.
    pub attempts: u32,
    /// The number of idempotency keys of the present step that a stored error has used up.
    #[serde(rename = "key")]
    pub attempt_key: u32,
    /// Whether a process has leased the step and not yet committed its outcome.
    #[serde(rename = "taken")]
    pub leased: bool,
    /// The end of Stripe's `Retry-After`. No call is made before it, whatever the reason.
    #[serde(default)]
    pub not_before: Option<Time>,
}

impl StepSchedule {
    /// Nothing is left to do.
    pub const fn done() -> Self {
        Self { due: None, attempts: 0, attempt_key: 0, leased: false, not_before: None }
    }

    /// A new step, due now.
    pub(super) fn due_now(now: Time) -> Self {
        Self { due: Some(now), ..Self::done() }
    }

    /// The next poll, after so many polls without a change.
    pub(super) fn poll_later(now: Time, polls: u32) -> Self {
        let delay = POLL_BACKOFF.without_jitter(polls.saturating_add(1));
        Self { due: Some(now.after(delay)), attempts: polls, ..Self::done() }
    }

    /// The end of the lease, if the step is leased.
    pub fn leased_until(&self) -> Option<Time> {
        self.due.filter(|_| self.leased)
    }

    pub(super) fn lease(self, now: Time) -> Self {
        Self {
            due: Some(now.after(LEASE)),
            attempts: self.attempts.saturating_add(1),
            leased: true,
            not_before: None,
            ..self
        }
    }

    /// The attempt failed. The next one follows after a backoff, or after Stripe's `Retry-After` if that is longer.
    pub(super) fn attempt_failed(self, key_used_up: bool, retry_after: Option<Duration>, now: Time) -> Self {
        let backoff = RETRY_BACKOFF.without_jitter(self.attempts);
        let retry_after = retry_after.map(|delay| delay.min(MAX_RETRY_AFTER));
        Self {
            due: Some(now.after(backoff.max(retry_after.unwrap_or_default()))),
            not_before: retry_after.map(|delay| now.after(delay)),
            attempt_key: self.attempt_key.saturating_add(u32::from(key_used_up)),
            leased: false,
            ..self
        }
    }
}
