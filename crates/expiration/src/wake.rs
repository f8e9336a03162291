//! The signal that wakes the expiry worker for a deadline that precedes its next run.

use std::sync::atomic::{AtomicI64, Ordering};

use common::Time;
use tokio::sync::Notify;

/// The signal from the consumer to the worker. Only punctuality depends on it: the worker's next run finds every
/// deadline in the database.
#[derive(Debug)]
pub(crate) struct WakeSignal {
    /// The time of the worker's next run in milliseconds since 1970. The end of time during a run, so that any
    /// deadline stored meanwhile causes another run.
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
    pub(crate) fn run_started(&self) {
        self.next_run.store(i64::MAX, Ordering::SeqCst);
    }

    /// Resolves when a deadline before `next` is stored, or was stored since the run started.
    pub(crate) async fn woken_before(&self, next: Time) {
        self.next_run.store(next.as_millis(), Ordering::SeqCst);
        self.earlier.notified().await;
    }

    /// Wakes the worker if the deadline precedes its next run. Call after the commit.
    pub(crate) fn deadline_stored(&self, deadline: Time) {
        if deadline.as_millis() < self.next_run.load(Ordering::SeqCst) {
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
    fn only_an_earlier_deadline_wakes_a_sleeping_worker() {
        let wake = WakeSignal::default();
        wake.run_started();
        let mut sleep = Box::pin(wake.woken_before(at(100)));
        assert!((&mut sleep).now_or_never().is_none());
        wake.deadline_stored(at(100));
        assert!((&mut sleep).now_or_never().is_none());
        wake.deadline_stored(at(99));
        assert!(sleep.now_or_never().is_some());
    }

    #[test]
    fn a_deadline_that_is_stored_during_a_run_is_not_missed() {
        let wake = WakeSignal::default();
        wake.run_started();
        wake.deadline_stored(at(500));
        assert!(wake.woken_before(at(100)).now_or_never().is_some());
    }
}
