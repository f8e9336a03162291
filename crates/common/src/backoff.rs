//! Exponential backoff between retries.

use std::time::Duration;

use crate::Ids;

/// Delays that double from `first` up to `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The delay after the first failure.
    pub first: Duration,
    /// The upper bound.
    pub max: Duration,
}

impl Backoff {
    /// The delay after so many failures in a row, with "equal jitter": uniform in the upper half, so that callers that
    /// failed together do not retry together, and none retries at once.
    ///
    /// Source: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
    pub fn delay(self, failures: u32, ids: &Ids) -> Duration {
        self.without_jitter(failures).mul_f64(0.5 + ids.fraction() / 2.0)
    }

    /// The delay after so many failures in a row, without jitter: for pure decisions and for a single caller. Returns
    /// `first` for 0 and 1.
    pub fn without_jitter(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::SimClock;
    use crate::{SeededEntropy, Time};

    #[test]
    fn delays_double_up_to_the_longest_and_vary_by_half() {
        let clock = Arc::new(SimClock::starting_at(Time::from_millis(0)));
        let ids = Ids::new(clock, Arc::new(SeededEntropy::new(7)));
        let backoff = Backoff { first: Duration::from_millis(50), max: Duration::from_secs(30) };
        for (failures, max) in
            [(0, 50), (1, 50), (2, 100), (5, 800), (10, 25_600), (11, 30_000), (u32::MAX, 30_000)]
        {
            let max = Duration::from_millis(max);
            assert_eq!(backoff.without_jitter(failures), max);
            for _ in 0..100 {
                let delay = backoff.delay(failures, &ids);
                assert!(delay >= max / 2 && delay <= max, "{failures}: {delay:?}");
            }
        }
    }
}
