//! Growing intervals between repetitions that end with a change of state.

use std::time::Duration;

use crate::Time;

/// Intervals that grow by `factor` from `first` up to `max`. All times are computed from the last change and the number of
/// repetitions since, so a document needs no other field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intervals {
    /// The interval before the first repetition.
    pub first: Duration,
    /// The growth from one interval to the next.
    pub factor: u32,
    /// The longest interval.
    pub max: Duration,
}

impl Intervals {
    /// When the next repetition is due, after so many since the last change.
    pub fn due(self, changed_at: Time, repetitions: u32) -> Time {
        let (mut interval, mut passed) = (self.first.min(self.max), Duration::ZERO);
        for number in 0..=repetitions {
            if interval == self.max {
                return changed_at
                    .after(passed.saturating_add(self.max.saturating_mul(repetitions - number + 1)));
            }
            passed = passed.saturating_add(interval);
            interval = interval.saturating_mul(self.factor).min(self.max);
        }
        changed_at.after(passed)
    }

    /// The number of repetitions after one at `now`. Repetitions that were missed count, so that they are not made up for
    /// one after another: the next one is due later than `now`.
    pub fn repeated(self, changed_at: Time, repetitions: u32, now: Time) -> u32 {
        let mut repetitions = repetitions.saturating_add(1);
        while self.due(changed_at, repetitions) <= now && repetitions < u32::MAX {
            repetitions += 1;
        }
        repetitions
    }
}

/// Whether a count is 0, which stored documents omit.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
pub fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVALS: Intervals =
        Intervals { first: Duration::from_secs(10), factor: 3, max: Duration::from_secs(100) };

    #[test]
    fn intervals_grow_by_the_factor_up_to_the_longest() {
        let start = Time::from_millis(0);
        let due: Vec<_> = (0..6).map(|number| (INTERVALS.due(start, number) - start).as_secs()).collect();
        assert_eq!(due, [10, 40, 130, 230, 330, 430]);
    }

    #[test]
    fn missed_repetitions_are_not_made_up_for() {
        let start = Time::from_millis(0);
        for (repetitions, seconds, expected) in [(0, 10, 1), (0, 39, 1), (0, 40, 2), (3, 230, 4), (0, 435, 6)]
        {
            let now = start.after(Duration::from_secs(seconds));
            let next = INTERVALS.repeated(start, repetitions, now);
            assert_eq!(next, expected, "{repetitions} after {seconds} s");
            assert!(INTERVALS.due(start, next) > now);
        }
    }
}
