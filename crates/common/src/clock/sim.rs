//! A simulated clock for tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{BoxFuture, FutureExt};
use parking_lot::{Mutex, MutexGuard};

use super::Clock;
use crate::Time;

/// A clock that a test advances; advancing it wakes the sleeps that end by then.
#[derive(Debug, Clone)]
pub struct SimClock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Time,
    sleepers: BTreeMap<(Time, u64), oneshot::Sender<()>>,
    next_sleeper: u64,
}

impl SimClock {
    /// A clock that shows `now`.
    pub fn starting_at(now: Time) -> Self {
        Self(Arc::new(Mutex::new(State { now, sleepers: BTreeMap::new(), next_sleeper: 0 })))
    }

    /// Advances the clock.
    pub fn advance(&self, by: Duration) {
        let to = self.now().after(by);
        let mut state = self.state();
        state.now = to;
        let still_asleep = state.sleepers.split_off(&(to, u64::MAX));
        let woken = std::mem::replace(&mut state.sleepers, still_asleep);
        drop(state);
        for sleeper in woken.into_values() {
            // The sleep may have been dropped.
            let _ = sleeper.send(());
        }
    }

    /// The end of the next sleep, if there is one.
    pub fn next_wake(&self) -> Option<Time> {
        let mut state = self.state();
        state.sleepers.retain(|_, sleeper| !sleeper.is_canceled());
        state.sleepers.first_key_value().map(|((moment, _), _)| *moment)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }
}

impl Clock for SimClock {
    fn now(&self) -> Time {
        self.state().now
    }

    fn sleep_until(&self, moment: Time) -> BoxFuture<'static, ()> {
        let mut state = self.state();
        if moment <= state.now {
            return futures::future::ready(()).boxed();
        }
        let (waker, woken) = oneshot::channel();
        let number = state.next_sleeper;
        state.next_sleeper += 1;
        state.sleepers.insert((moment, number), waker);
        woken.map(|_| ()).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_ends_exactly_at_its_time() {
        let clock = SimClock::starting_at(Time::from_millis(0));
        let mut sleep = clock.sleep(Duration::from_secs(10));
        clock.advance(Duration::from_millis(9_999));
        assert!((&mut sleep).now_or_never().is_none());
        assert_eq!(clock.next_wake(), Some(Time::from_millis(10_000)));
        clock.advance(Duration::from_millis(1));
        assert!(sleep.now_or_never().is_some());
        assert_eq!(clock.next_wake(), None);
    }
}
