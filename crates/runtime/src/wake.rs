//! The signal that wakes a worker for a time that precedes its next run.

use std::sync::atomic::{AtomicI64, Ordering};

use common::Time;
use tokio::sync::Notify;

/// The signal to a worker that runs when the first of many stored times has come. Only punctuality depends on it: the
/// worker's next run finds every time in the database.
#[derive(Debug)]
pub struct WakeSignal {
    /// The time of the worker's next run in milliseconds since 1970. The end of time during a run, so that any time
    /// stored meanwhile causes another run.
    next_run: AtomicI64,
    earlier: Notify,
}

impl Default for WakeSignal {
    fn default() -> Self {
        Self { next_run: AtomicI64::new(i64::MAX), earlier: Notify::new() }
    }
}

impl WakeSignal {
    /// Marks the start of a run.
    pub fn run_started(&self) {
        self.next_run.store(i64::MAX, Ordering::SeqCst);
    }

    /// Resolves when a time before `next` is stored, or was stored since the run started.
    pub async fn woken_before(&self, next: Time) {
        self.next_run.store(next.as_millis(), Ordering::SeqCst);
        self.earlier.notified().await;
    }

    /// Wakes the worker if this time precedes its next run. Call after the commit.
    pub fn time_stored(&self, time: Time) {
        if time.as_millis() < self.next_run.load(Ordering::SeqCst) {
            self.earlier.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn at(millis: i64) -> Time {
        Time::from_millis(millis)
    }

    #[test]
    fn only_an_earlier_time_wakes_a_sleeping_worker() {
        let wake = WakeSignal::default();
        wake.run_started();
        let mut sleep = Box::pin(wake.woken_before(at(100)));
        assert!((&mut sleep).now_or_never().is_none());
        wake.time_stored(at(100));
        assert!((&mut sleep).now_or_never().is_none());
        wake.time_stored(at(99));
        assert!(sleep.now_or_never().is_some());
    }

    #[test]
    fn a_time_that_is_stored_during_a_run_is_not_missed() {
        let wake = WakeSignal::default();
        wake.run_started();
        wake.time_stored(at(500));
        assert!(wake.woken_before(at(100)).now_or_never().is_some());
    }
}
