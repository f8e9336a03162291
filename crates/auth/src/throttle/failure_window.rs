//! A sliding window of failures, and the delay that they cause.

use std::collections::VecDeque;
use std::time::Duration;

use common::{Backoff, Time};

/// The number of failures that causes a delay, and how long each failure counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) max_failures: usize,
    pub(super) window: Duration,
}

/// The latest failures, and the delay that they caused.
#[derive(Debug, Default)]
pub(super) struct FailureWindow {
    /// At most as many as cause a delay, oldest first.
    recent: VecDeque<Time>,
    /// The number of delays in a row: caused by failures, and by attempts during a delay.
    delays: u32,
    /// The end of the delay.
    closed_until: Option<Time>,
}

/// The first delay. Each further one is twice as long, up to the window.
const FIRST_DELAY: Duration = Duration::from_mins(1);

impl Rule {
    fn backoff(self) -> Backoff {
        Backoff { first: FIRST_DELAY, max: self.window }
    }
}

impl FailureWindow {
    /// Counts a failure.
    pub(super) fn fail(&mut self, rule: Rule, now: Time) {
        if self.has_expired(rule.window, now) {
            *self = Self::default();
        }
        self.recent.push_back(now);
        self.recent.retain(|failure| now - *failure < rule.window);
        if self.recent.len() > rule.max_failures {
            self.recent.pop_front();
        }
        if self.recent.len() == rule.max_failures {
            self.delays = self.delays.saturating_add(1);
            self.closed_until = Some(now.after(rule.backoff().without_jitter(self.delays)));
        }
    }

    /// The rest of the delay, if an attempt is refused now. A premature attempt restarts the delay, and lengthens the
    /// next one.
    pub(super) fn refuse(&mut self, rule: Rule, now: Time) -> Option<Duration> {
        let until = self.closed_until.filter(|until| *until > now)?;
        let until = until.max(now.after(rule.backoff().without_jitter(self.delays)));
        self.closed_until = Some(until);
        self.delays = self.delays.saturating_add(1);
        Some(until - now)
    }

    /// Whether neither a failure nor a delay counts any more.
    pub(super) fn has_expired(&self, window: Duration, now: Time) -> bool {
        let last = self.recent.back().copied().max(self.closed_until);
        last.is_none_or(|last| now >= last.after(window))
    }

    /// The time of the last failure that was counted.
    pub(super) fn last_failure(&self) -> Option<Time> {
        self.recent.back().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { max_failures: 3, window: Duration::from_mins(15) };

    fn start() -> Time {
        Time::from_millis(1_000_000)
    }

    fn closed() -> FailureWindow {
        let mut window = FailureWindow::default();
        for _ in 0..RULE.max_failures {
            assert_eq!(window.refuse(RULE, start()), None);
            window.fail(RULE, start());
        }
        window
    }

    #[test]
    fn failures_that_lie_far_apart_cause_no_delay() {
        let mut window = FailureWindow::default();
        let mut now = start();
        for _ in 0..50 {
            window.fail(RULE, now);
            assert_eq!(window.refuse(RULE, now), None);
            now = now.after(RULE.window / 2);
        }
    }

    #[test]
    fn the_window_slides() {
        let mut window = FailureWindow::default();
        window.fail(RULE, start());
        let end = start().after(RULE.window).before(Duration::from_secs(1));
        window.fail(RULE, end);
        window.fail(RULE, end.after(Duration::from_secs(2)));
        assert_eq!(window.refuse(RULE, end.after(Duration::from_secs(2))), None, "the first has expired");
        window.fail(RULE, end.after(Duration::from_secs(3)));
        assert!(window.refuse(RULE, end.after(Duration::from_secs(3))).is_some());
    }

    #[test]
    fn premature_attempts_lengthen_the_delay_up_to_the_window() {
        let mut window = closed();
        let delays: Vec<_> =
            (0..6).map(|_| window.refuse(RULE, start()).map(|delay| delay.as_secs())).collect();
        assert_eq!(delays, [60, 120, 240, 480, 900, 900].map(Some));
        for _ in 0..100 {
            assert_eq!(window.refuse(RULE, start()), Some(RULE.window));
        }
    }

    #[test]
    fn after_the_delay_an_attempt_is_accepted_and_the_next_failure_doubles_the_delay() {
        let mut window = closed();
        let open = start().after(FIRST_DELAY);
        assert_eq!(window.refuse(RULE, open), None);
        window.fail(RULE, open);
        assert_eq!(window.refuse(RULE, open), Some(FIRST_DELAY * 2));
    }

    #[test]
    fn failures_and_delays_expire_after_a_window_without_any() {
        let mut window = closed();
        let quiet = start().after(FIRST_DELAY).after(RULE.window);
        assert!(!window.has_expired(RULE.window, quiet.before(Duration::from_secs(1))));
        assert!(window.has_expired(RULE.window, quiet));
        window.fail(RULE, quiet);
        assert_eq!(window.refuse(RULE, quiet), None);
    }
}
