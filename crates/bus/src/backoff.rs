//! Growing, jittered delays between tries.

use std::time::Duration;

use common::Ids;

/// Delays that double from `first` up to `longest`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Backoff {
    /// How long to wait after so many failures in a row. The upper half is left to chance, so that those who failed
    /// together do not come again together.
    pub(crate) fn delay(self, failures: u32, ids: &Ids) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        whole.mul_f64(0.5 + ids.fraction() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use common::clock::SimClock;
    use common::{SeededEntropy, Time};

    use super::*;

    #[test]
    fn delays_double_up_to_the_longest_and_vary_by_half() {
        let clock = Arc::new(SimClock::starting_at(Time::from_millis(0)));
        let ids = Ids::new(clock, Arc::new(SeededEntropy::new(7)));
        let backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_secs(30) };
        for (failures, most) in [(1, 50), (2, 100), (5, 800), (10, 25_600), (11, 30_000), (u32::MAX, 30_000)]
        {
            for _ in 0..100 {
                let delay = backoff.delay(failures, &ids);
                let most = Duration::from_millis(most);
                assert!(delay >= most / 2 && delay <= most, "{failures}: {delay:?}");
            }
        }
    }
}
