//! The attempts that count against one limit, as stored, and the delay that they cause.

use std::time::Duration;

use common::{Backoff, Decision, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The number of attempts that causes a delay, and how long each counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) max_attempts: usize,
    pub(crate) window: Duration,
    /// The longest delay.
    pub(crate) max_delay: Duration,
}

/// The latest attempts, and the delay that they caused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttemptCount {
    /// A name of the account, the address or both that only the master key can give.
    pub(crate) id: Uuid,
    pub(crate) version: u64,
    /// At most as many as cause a delay, oldest first.
    recent: Vec<Time>,
    /// The number of delays in a row.
    #[serde(default, skip_serializing_if = "common::is_zero")]
    delays: u32,
    /// The end of the delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed_until: Option<Time>,
    /// When neither an attempt nor a delay counts any more.
    pub(crate) expires_at: Time,
}

/// The first delay. Each further one is twice as long, up to the rule's.
const FIRST_DELAY: Duration = Duration::from_mins(1);

impl AttemptCount {
    /// Counts a failure. From the rule's number on, each one closes for longer.
    pub(crate) fn fail(stored: Option<&Self>, id: Uuid, rule: Rule, now: Time) -> Decision<Self> {
        let mut next = Self::next(stored, id, rule, now);
        if next.recent.len() > rule.max_attempts {
            next.recent.remove(0);
        }
        if next.recent.len() == rule.max_attempts {
            next.delays = next.delays.saturating_add(1);
            let backoff = Backoff { first: FIRST_DELAY, max: rule.max_delay };
            next.closed_until = Some(now.after(backoff.without_jitter(next.delays)));
        }
        next.expires_at = now.max(next.closed_until.unwrap_or(now)).after(rule.window);
        Decision::without_event(next)
    }

    /// Counts an attempt that a limit allows.
    ///
    /// # Errors
    /// The delay until the next one is allowed.
    pub(crate) fn admit(
        stored: Option<&Self>,
        id: Uuid,
        rule: Rule,
        now: Time,
    ) -> Result<Decision<Self>, Duration> {
        if let Some(delay) = stored.and_then(|stored| stored.full_for(rule, now)) {
            return Err(delay);
        }
        let next = Self::next(stored, id, rule, now);
        Ok(Decision::without_event(Self { expires_at: now.after(rule.window), ..next }))
    }

    /// The time until a limit allows another attempt, if it allows none now.
    pub(crate) fn full_for(&self, rule: Rule, now: Time) -> Option<Duration> {
        let recent = self.recent.iter().filter(|attempt| now - **attempt < rule.window);
        let oldest = recent.rev().nth(rule.max_attempts.checked_sub(1)?)?;
        Some(oldest.after(rule.window) - now)
    }

    /// The rest of the delay that failures caused. Attempts during a delay do not extend it.
    pub(crate) fn closed_for(&self, now: Time) -> Option<Duration> {
        self.closed_until.filter(|until| *until > now).map(|until| until - now)
    }

    /// The stored count with one more attempt, or a new one.
    fn next(stored: Option<&Self>, id: Uuid, rule: Rule, now: Time) -> Self {
        let version = stored.map_or(1, |stored| stored.version + 1);
        let live = stored.filter(|stored| now < stored.expires_at);
        let mut recent = live.map(|stored| stored.recent.clone()).unwrap_or_default();
        recent.retain(|attempt| now - *attempt < rule.window);
        recent.push(now);
        let (delays, closed_until) = live.map_or((0, None), |stored| (stored.delays, stored.closed_until));
        Self { id, version, recent, delays, closed_until, expires_at: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_mins(15);
    const RULE: Rule = Rule { max_attempts: 3, window: WINDOW, max_delay: WINDOW };

    fn start() -> Time {
        Time::from_millis(1_000_000)
    }

    fn fail(count: &mut Option<AttemptCount>, now: Time) {
        *count = Some(AttemptCount::fail(count.as_ref(), Uuid::nil(), RULE, now).next);
    }

    fn closed_for(count: Option<&AttemptCount>, now: Time) -> Option<Duration> {
        count.and_then(|count| count.closed_for(now))
    }

    fn closed() -> Option<AttemptCount> {
        let mut count = None;
        for _ in 0..RULE.max_attempts {
            assert_eq!(closed_for(count.as_ref(), start()), None);
            fail(&mut count, start());
        }
        count
    }

    #[test]
    fn failures_that_lie_far_apart_cause_no_delay() {
        let (mut count, mut now) = (None, start());
        for _ in 0..50 {
            fail(&mut count, now);
            assert_eq!(closed_for(count.as_ref(), now), None);
            now = now.after(WINDOW / 2);
        }
    }

    #[test]
    fn the_window_slides() {
        let mut count = None;
        fail(&mut count, start());
        let end = start().after(WINDOW).before(Duration::from_secs(1));
        fail(&mut count, end);
        fail(&mut count, end.after(Duration::from_secs(2)));
        assert_eq!(
            closed_for(count.as_ref(), end.after(Duration::from_secs(2))),
            None,
            "the first has expired"
        );
        fail(&mut count, end.after(Duration::from_secs(3)));
        assert!(closed_for(count.as_ref(), end.after(Duration::from_secs(3))).is_some());
    }

    #[test]
    fn after_each_delay_one_attempt_is_accepted_and_its_failure_doubles_the_delay() {
        let (mut count, mut now, mut delays) = (closed(), start(), Vec::new());
        for _ in 0..5 {
            let delay = closed_for(count.as_ref(), now).expect("a delay");
            assert_eq!(closed_for(count.as_ref(), now.after(delay)), None);
            now = now.after(delay);
            delays.push(delay.as_secs());
            fail(&mut count, now);
        }
        assert_eq!(delays, [60, 120, 240, 480, 900]);
    }

    #[test]
    fn failures_and_delays_expire_after_a_window_without_any() {
        let mut count = closed();
        let quiet = start().after(FIRST_DELAY).after(WINDOW);
        assert_eq!(count.as_ref().map(|count| count.expires_at), Some(quiet));
        fail(&mut count, quiet);
        assert_eq!(closed_for(count.as_ref(), quiet), None);
    }

    #[test]
    fn a_limit_allows_its_number_in_each_window() {
        let (mut count, second) = (None, Duration::from_secs(1));
        for number in 0..3 {
            let now = start().after(second * number);
            count = Some(AttemptCount::admit(count.as_ref(), Uuid::nil(), RULE, now).expect("allowed").next);
        }
        let now = start().after(second * 3);
        let refused = AttemptCount::admit(count.as_ref(), Uuid::nil(), RULE, now).expect_err("refused");
        assert_eq!(refused, WINDOW.saturating_sub(second * 3));
        let next = AttemptCount::admit(count.as_ref(), Uuid::nil(), RULE, now.after(refused));
        let next = next.expect("the first has expired").next;
        assert_eq!(next.full_for(RULE, now.after(refused)), Some(second), "the second has not");
        assert_eq!(next.full_for(Rule { max_attempts: 0, ..RULE }, now), None, "0 is no limit");
    }
}
