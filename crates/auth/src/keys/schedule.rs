//! When keys come and go.

use std::time::Duration;

use common::Time;

use super::signing_key::SigningKey;
use crate::domain::Session;

const DAY: Duration = Duration::from_hours(24);

/// How long a key signs.
pub(crate) const PERIOD: Duration = DAY.saturating_mul(30);
/// How long a key is published before it signs: far longer than anybody keeps the list of keys.
pub(crate) const AHEAD: Duration = DAY;
/// How long a key is published after its successor has taken over. A token can be exchanged for a fresh one for as
/// long as its session may be idle, and is read for that; a day more is slack.
pub(crate) const KEPT: Duration = Session::IDLE.saturating_add(DAY);

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A key has to be made.
    Make { generation: u32, signs_from: Time },
    /// The oldest key has served.
    DropOldest,
}

/// What is due now; `keys` are all keys, oldest first.
pub(crate) fn due(keys: &[SigningKey], now: Time) -> Option<Step> {
    let Some(newest) = keys.last() else { return Some(Step::Make { generation: 1, signs_from: now }) };
    if next_key_at(newest) <= now {
        let signs_from = newest.signs_from.after(PERIOD).max(now.after(AHEAD));
        return Some(Step::Make { generation: newest.generation + 1, signs_from });
    }
    oldest_drops_at(keys).filter(|moment| *moment <= now).map(|_| Step::DropOldest)
}

/// When something will be due.
pub(crate) fn next_due(keys: &[SigningKey]) -> Option<Time> {
    keys.last().map(next_key_at).into_iter().chain(oldest_drops_at(keys)).min()
}

fn next_key_at(newest: &SigningKey) -> Time {
    newest.signs_from.after(PERIOD).before(AHEAD)
}

fn oldest_drops_at(keys: &[SigningKey]) -> Option<Time> {
    keys.get(1).map(|successor| successor.signs_from.after(KEPT))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn key(generation: u32, signs_from: Time) -> SigningKey {
        SigningKey::generate(Uuid::nil(), generation, signs_from).expect("a key").next
    }

    #[test]
    fn the_first_key_signs_at_once() {
        let now = Time::from_millis(7);
        assert_eq!(due(&[], now), Some(Step::Make { generation: 1, signs_from: now }));
    }

    #[test]
    fn the_next_key_is_published_a_day_before_it_signs() {
        let start = Time::from_millis(0);
        let keys = [key(1, start)];
        let publish = start.after(PERIOD).before(AHEAD);
        assert_eq!(next_due(&keys), Some(publish));
        assert_eq!(due(&keys, publish.before(Duration::from_millis(1))), None);
        assert_eq!(due(&keys, publish), Some(Step::Make { generation: 2, signs_from: start.after(PERIOD) }));
    }

    #[test]
    fn after_a_long_outage_the_next_key_is_still_published_a_day_before_it_signs() {
        let late = Time::from_millis(0).after(PERIOD * 3);
        let step = due(&[key(1, Time::from_millis(0))], late);
        assert_eq!(step, Some(Step::Make { generation: 2, signs_from: late.after(AHEAD) }));
    }

    #[test]
    fn the_old_key_goes_when_no_live_session_can_hold_a_token_of_it() {
        let second = Time::from_millis(0).after(PERIOD);
        let keys = [key(1, Time::from_millis(0)), key(2, second)];
        let drop = second.after(Session::IDLE + DAY);
        assert_eq!(next_due(&keys), Some(drop));
        assert_eq!(due(&keys, drop.before(Duration::from_millis(1))), None);
        assert_eq!(due(&keys, drop), Some(Step::DropOldest));
    }
}
