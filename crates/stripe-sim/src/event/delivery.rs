//! How far an event has come on its way to one receiver.

use std::fmt;
use std::time::Duration;

use common::Time;
use serde::{Deserialize, Serialize};

/// An event is tried for three days, with growing pauses (<https://docs.stripe.com/webhooks#automatic-retries>).
const GIVEN_UP_AFTER: Duration = Duration::from_hours(72);

/// The pauses between tries, in seconds; the last repeats. Stripe publishes no more than their kind.
const PAUSES: [u64; 9] = [1, 5, 30, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 12 * 3600];

/// An event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// `we_...`
    pub(crate) endpoint: String,
    /// When it is tried next; `None`: never again.
    pub(crate) due: Option<Time>,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// What came of the latest try.
    pub(crate) last: Option<Outcome>,
}

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The receiver took it.
    Accepted(u16),
    /// The receiver answered otherwise.
    Refused(u16),
    /// There was no answer.
    Unreachable,
    /// A fault swallowed it.
    Dropped,
    /// The endpoint is gone or disabled.
    NoEndpoint,
}

/// For the control page.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(status) => write!(f, "accepted ({status})"),
            Self::Refused(status) => write!(f, "refused ({status})"),
            Self::Unreachable => f.write_str("no answer"),
            Self::Dropped => f.write_str("dropped by a fault"),
            Self::NoEndpoint => f.write_str("the endpoint is gone"),
        }
    }
}

impl Delivery {
    pub(crate) fn new(endpoint: String, due: Time) -> Self {
        Self { endpoint, due: Some(due), attempts: 0, last: None }
    }

    /// Notes what came of a try, and when the next is.
    pub(crate) fn tried(&mut self, outcome: Outcome, created: Time, now: Time) {
        self.due = match outcome {
            Outcome::Accepted(_) | Outcome::Dropped | Outcome::NoEndpoint => None,
            Outcome::Refused(_) | Outcome::Unreachable => {
                let next = now.after(pause(self.attempts));
                Some(next).filter(|next| *next <= created.after(GIVEN_UP_AFTER))
            }
        };
        self.attempts += 1;
        self.last = Some(outcome);
    }
}

fn pause(attempts: u32) -> Duration {
    let place = usize::try_from(attempts).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
    Duration::from_secs(PAUSES[place])
}
