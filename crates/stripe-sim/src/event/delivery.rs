//! Deliveries of an event: their attempts, retries and outcomes.

use std::fmt;
use std::time::Duration;

use common::Time;
use serde::{Deserialize, Serialize};

/// The retry period of an event, with growing delays (<https://docs.stripe.com/webhooks#automatic-retries>).
const RETRY_TIMEOUT: Duration = Duration::from_hours(72);

/// The delays between attempts in seconds; the last repeats. Stripe documents only that they grow.
const RETRY_DELAYS: [u64; 9] = [1, 5, 30, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 12 * 3600];

/// The delivery of an event to one endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// `we_...`
    pub(crate) endpoint: String,
    /// The next attempt; `None`: finished or abandoned.
    pub(crate) due: Option<Time>,
    /// The number of attempts.
    pub(crate) attempts: u32,
    /// The outcome of the latest attempt.
    pub(crate) last: Option<Outcome>,
}

/// The outcome of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The receiver replied 2xx.
    Accepted(u16),
    /// The receiver replied with another status.
    Refused(u16),
    /// The receiver did not reply.
    Unreachable,
    /// A fault dropped the event.
    Dropped,
    /// The endpoint was deleted or disabled.
    NoEndpoint,
}

/// For the control page.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(status) => write!(f, "accepted ({status})"),
            Self::Refused(status) => write!(f, "refused ({status})"),
            Self::Unreachable => f.write_str("no response"),
            Self::Dropped => f.write_str("dropped by a fault"),
            Self::NoEndpoint => f.write_str("no endpoint"),
        }
    }
}

impl Delivery {
    pub(crate) fn new(endpoint: String, due: Time) -> Self {
        Self { endpoint, due: Some(due), attempts: 0, last: None }
    }

    /// Records the outcome of an attempt and schedules the next.
    pub(crate) fn record_attempt(&mut self, outcome: Outcome, created: Time, now: Time) {
        self.due = match outcome {
            Outcome::Accepted(_) | Outcome::Dropped | Outcome::NoEndpoint => None,
            Outcome::Refused(_) | Outcome::Unreachable => {
                let next = now.after(retry_delay(self.attempts));
                Some(next).filter(|next| *next <= created.after(RETRY_TIMEOUT))
            }
        };
        self.attempts += 1;
        self.last = Some(outcome);
    }
}

fn retry_delay(attempts: u32) -> Duration {
    let position = usize::try_from(attempts).unwrap_or(usize::MAX).min(RETRY_DELAYS.len() - 1);
    Duration::from_secs(RETRY_DELAYS[position])
}
