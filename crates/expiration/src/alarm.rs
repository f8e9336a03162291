//! Wakes the worker when a deadline arrives that passes before it means to wake.

use std::sync::atomic::{AtomicI64, Ordering};

use common::Time;
use tokio::sync::Notify;

/// What the worker and the consumer share. It only makes the worker punctual: whatever it misses, the worker finds
/// when it wakes by itself.
#[derive(Debug)]
pub(crate) struct Alarm {
    /// When the worker means to wake, in milliseconds since 1970; while it looks around, the end of time, so that
    /// whatever arrives behind its back makes it look again.
    set_for: AtomicI64,
    earlier: Notify,
}

impl Default for Alarm {
    fn default() -> Self {
        Self { set_for: AtomicI64::new(i64::MAX), earlier: Notify::new() }
    }
}

impl Alarm {
    /// The worker looks around now.
    pub(crate) fn look(&self) {
        self.set_for.store(i64::MAX, Ordering::SeqCst);
    }

    /// The worker sleeps until `moment`. Resolves if a deadline before it arrives, or arrived since it looked.
    pub(crate) async fn earlier_than(&self, moment: Time) {
        self.set_for.store(moment.as_millis(), Ordering::SeqCst);
        self.earlier.notified().await;
    }

    /// A deadline was committed.
    pub(crate) fn arrived(&self, deadline: Time) {
        if deadline.as_millis() < self.set_for.load(Ordering::SeqCst) {
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
        let alarm = Alarm::default();
        alarm.look();
        let mut sleep = Box::pin(alarm.earlier_than(at(100)));
        assert!((&mut sleep).now_or_never().is_none());
        alarm.arrived(at(100));
        assert!((&mut sleep).now_or_never().is_none());
        alarm.arrived(at(99));
        assert!(sleep.now_or_never().is_some());
    }

    #[test]
    fn a_deadline_that_arrives_while_the_worker_looks_around_is_not_missed() {
        let alarm = Alarm::default();
        alarm.look();
        alarm.arrived(at(500));
        assert!(alarm.earlier_than(at(100)).now_or_never().is_some());
    }
}
