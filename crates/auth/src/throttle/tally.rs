//! The failures that count together, and how long they make one wait.

use std::collections::VecDeque;
use std::time::Duration;

use common::Time;

/// How many failures make one wait, and for how long each counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) failures: usize,
    pub(super) window: Duration,
}

/// The latest failures, and what they led to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// At most as many as make one wait, oldest first.
    recent: VecDeque<Time>,
    /// How often in a row somebody had to wait, or did not wait.
    strikes: u32,
    /// Until when everything is refused.
    closed_until: Option<Time>,
}

/// The first wait. Each further one is twice as long, up to the window.
const FIRST_WAIT: Duration = Duration::from_mins(1);

impl Tally {
    /// Notes a failure.
    pub(super) fn fail(&mut self, rule: Rule, now: Time) {
        if self.is_forgotten(rule.window, now) {
            *self = Self::default();
        }
        self.recent.push_back(now);
        self.recent.retain(|failure| now - *failure < rule.window);
        if self.recent.len() > rule.failures {
            self.recent.pop_front();
        }
        if self.recent.len() == rule.failures {
            self.closed_until = Some(now.after(self.wait(rule)));
            self.strikes += 1;
        }
    }

    /// How long to wait, if everything is refused now. To come too early makes the wait start again, and the next one
    /// longer.
    pub(super) fn refuse(&mut self, rule: Rule, now: Time) -> Option<Duration> {
        let until = self.closed_until.filter(|until| *until > now)?;
        let until = until.max(now.after(Self::wait_after(self.strikes.saturating_sub(1), rule)));
        self.closed_until = Some(until);
        self.strikes = self.strikes.saturating_add(1);
        Some(until - now)
    }

    /// Whether nothing of it counts any more.
    pub(super) fn is_forgotten(&self, window: Duration, now: Time) -> bool {
        let last = self.recent.back().copied().max(self.closed_until);
        last.is_none_or(|last| now >= last.after(window))
    }

    /// For telling which tally has been quiet longest.
    pub(super) fn last_failure(&self) -> Option<Time> {
        self.recent.back().copied()
    }

    fn wait(&self, rule: Rule) -> Duration {
        Self::wait_after(self.strikes, rule)
    }

    fn wait_after(strikes: u32, rule: Rule) -> Duration {
        FIRST_WAIT.saturating_mul(2_u32.saturating_pow(strikes)).min(rule.window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { failures: 3, window: Duration::from_mins(15) };
    const SECOND: Duration = Duration::from_secs(1);

    fn start() -> Time {
        Time::from_millis(1_000_000)
    }

    fn closed() -> Tally {
        let mut tally = Tally::default();
        for _ in 0..RULE.failures {
            assert_eq!(tally.refuse(RULE, start()), None);
            tally.fail(RULE, start());
        }
        tally
    }

    #[test]
    fn failures_that_lie_far_apart_close_nothing() {
        let mut tally = Tally::default();
        let mut now = start();
        for _ in 0..50 {
            tally.fail(RULE, now);
            assert_eq!(tally.refuse(RULE, now), None);
            now = now.after(RULE.window / 2);
        }
    }

    #[test]
    fn the_window_slides() {
        let mut tally = Tally::default();
        tally.fail(RULE, start());
        let end = start().after(RULE.window).before(SECOND);
        tally.fail(RULE, end);
        tally.fail(RULE, end.after(SECOND * 2));
        assert_eq!(tally.refuse(RULE, end.after(SECOND * 2)), None, "the first has run out");
        tally.fail(RULE, end.after(SECOND * 3));
        assert!(tally.refuse(RULE, end.after(SECOND * 3)).is_some());
    }

    #[test]
    fn whoever_does_not_wait_waits_longer_but_never_longer_than_the_window() {
        let mut tally = closed();
        let waits: Vec<_> = (0..6).map(|_| tally.refuse(RULE, start()).map(|wait| wait.as_secs())).collect();
        assert_eq!(waits, [60, 120, 240, 480, 900, 900].map(Some));
        for _ in 0..100 {
            assert_eq!(tally.refuse(RULE, start()), Some(RULE.window));
        }
    }

    #[test]
    fn whoever_waits_may_try_again_and_waits_longer_after_the_next_failure() {
        let mut tally = closed();
        let open = start().after(FIRST_WAIT);
        assert_eq!(tally.refuse(RULE, open), None);
        tally.fail(RULE, open);
        assert_eq!(tally.refuse(RULE, open), Some(FIRST_WAIT * 2));
    }

    #[test]
    fn after_a_quiet_window_all_is_forgotten() {
        let mut tally = closed();
        let quiet = start().after(FIRST_WAIT).after(RULE.window);
        assert!(!tally.is_forgotten(RULE.window, quiet.before(SECOND)));
        assert!(tally.is_forgotten(RULE.window, quiet));
        tally.fail(RULE, quiet);
        assert_eq!(tally.refuse(RULE, quiet), None);
    }
}
