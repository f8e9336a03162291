//! When a payment needs attention next.

use std::time::Duration;

use common::Time;
use serde::{Deserialize, Serialize};

/// For how long whoever took a step is left alone with it: longer than a step's calls take together. Then it counts as
/// dead and the step is taken again, which is harmless, since the idempotency key is the same.
pub const LEASE: Duration = Duration::from_secs(30);

/// The first pause after a failed attempt.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The first look at a payment that waits for its buyer or its order.
const FIRST_LOOK: Duration = Duration::from_secs(3);
/// The longest pause of either kind.
const LONGEST: Duration = Duration::from_mins(1);
/// The longest pause that the card processor may ask for: no order waits longer than this.
const LONGEST_ASKED_FOR: Duration = Duration::from_mins(15);

/// What is to do, and when. A step is taken (one commit), performed, and its outcome committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// When somebody shall look next; `None`: there is nothing to do any more.
    pub due: Option<Time>,
    /// How often the present step was taken. The step's first call was never made while this is 0.
    pub attempts: u32,
    /// Counts the idempotency keys of the present step that are used up by a stored error.
    pub key: u32,
    /// Whether somebody has taken the step and not yet said what came of it.
    pub taken: bool,
    /// Until then the card processor wants to be left alone, whatever reason there is to ask.
    #[serde(default)]
    pub not_before: Option<Time>,
}

impl Work {
    /// A new step, to be taken at once.
    pub(super) fn at_once(now: Time) -> Self {
        Self { due: Some(now), attempts: 0, key: 0, taken: false, not_before: None }
    }

    /// Nothing to do any more.
    pub(super) fn done() -> Self {
        Self { due: None, attempts: 0, key: 0, taken: false, not_before: None }
    }

    /// A look at what the buyer or the order does meanwhile.
    pub(super) fn look_later(now: Time, looks: u32) -> Self {
        Self {
            due: Some(now.after(doubled(FIRST_LOOK, looks))),
            attempts: looks,
            key: 0,
            taken: false,
            not_before: None,
        }
    }

    /// The step is in somebody's hands.
    pub(super) fn take(self, now: Time) -> Self {
        Self {
            due: Some(now.after(LEASE)),
            attempts: self.attempts.saturating_add(1),
            taken: true,
            key: self.key,
            not_before: None,
        }
    }

    /// The attempt failed; the next one follows after a growing pause, or a longer one if the card processor asks for it.
    pub(super) fn missed(self, key_used_up: bool, retry_after: Option<Duration>, now: Time) -> Self {
        let pause = doubled(FIRST_RETRY, self.attempts.saturating_sub(1));
        let asked_for = retry_after.map(|asked| asked.min(LONGEST_ASKED_FOR));
        Self {
            due: Some(now.after(pause.max(asked_for.unwrap_or_default()))),
            not_before: asked_for.map(|asked| now.after(asked)),
            key: self.key.saturating_add(u32::from(key_used_up)),
            taken: false,
            ..self
        }
    }
}

/// `first`, doubled `times` times, at most [`LONGEST`].
fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times.min(16))).min(LONGEST)
}
