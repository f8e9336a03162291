//! The schedule by which signing keys are generated and removed.

use std::time::Duration;

use common::Time;

use super::signing_key::SigningKey;
use crate::domain::Session;

/// How long a key signs.
pub(crate) const ROTATION_INTERVAL: Duration = Duration::from_hours(30 * 24);
/// How long a key is published before it signs: far longer than caches keep the key set.
pub(crate) const PUBLICATION_PERIOD: Duration = Duration::from_hours(24);
/// How long a key is published after its successor started to sign. A token is exchanged for a fresh one for as long
/// as its session may be idle, which needs its key; the day more is slack.
pub(crate) const RETENTION: Duration = Session::IDLE_TIMEOUT.saturating_add(Duration::from_hours(24));

/// A step of the rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Generate the next key.
    Generate { generation: u32, signs_from: Time },
    /// Remove the oldest key.
    RemoveOldest,
}

/// The step that is due now. `keys` are all keys, oldest first.
pub(crate) fn due(keys: &[SigningKey], now: Time) -> Option<Step> {
    let Some(newest) = keys.last() else { return Some(Step::Generate { generation: 1, signs_from: now }) };
    if next_key_at(newest) <= now {
        let signs_from = newest.signs_from.after(ROTATION_INTERVAL).max(now.after(PUBLICATION_PERIOD));
        return Some(Step::Generate { generation: newest.generation + 1, signs_from });
    }
    oldest_expires_at(keys).filter(|moment| *moment <= now).map(|_| Step::RemoveOldest)
}

/// The time of the next step.
pub(crate) fn next_due(keys: &[SigningKey]) -> Option<Time> {
    keys.last().map(next_key_at).into_iter().chain(oldest_expires_at(keys)).min()
}

fn next_key_at(newest: &SigningKey) -> Time {
    newest.signs_from.after(ROTATION_INTERVAL).before(PUBLICATION_PERIOD)
}

fn oldest_expires_at(keys: &[SigningKey]) -> Option<Time> {
    keys.get(1).map(|successor| successor.signs_from.after(RETENTION))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::master_key::MasterKey;

    fn key(generation: u32, signs_from: Time) -> SigningKey {
        let master = MasterKey::from_bytes([1; 32]);
        SigningKey::generate(Uuid::nil(), generation, signs_from, &master, [2; 12]).expect("a key").next
    }

    #[test]
    fn the_first_key_signs_at_once() {
        let now = Time::from_millis(7);
        assert_eq!(due(&[], now), Some(Step::Generate { generation: 1, signs_from: now }));
    }

    #[test]
    fn the_next_key_is_published_a_day_before_it_signs() {
        let start = Time::from_millis(0);
        let keys = [key(1, start)];
        let publish = start.after(ROTATION_INTERVAL).before(PUBLICATION_PERIOD);
        assert_eq!(next_due(&keys), Some(publish));
        assert_eq!(due(&keys, publish.before(Duration::from_millis(1))), None);
        assert_eq!(
            due(&keys, publish),
            Some(Step::Generate { generation: 2, signs_from: start.after(ROTATION_INTERVAL) })
        );
    }

    #[test]
    fn after_a_long_outage_the_next_key_is_still_published_a_day_before_it_signs() {
        let late = Time::from_millis(0).after(ROTATION_INTERVAL * 3);
        let step = due(&[key(1, Time::from_millis(0))], late);
        assert_eq!(step, Some(Step::Generate { generation: 2, signs_from: late.after(PUBLICATION_PERIOD) }));
    }

    #[test]
    fn the_old_key_goes_when_no_live_session_can_hold_a_token_of_it() {
        let second = Time::from_millis(0).after(ROTATION_INTERVAL);
        let keys = [key(1, Time::from_millis(0)), key(2, second)];
        let removal = second.after(Session::IDLE_TIMEOUT + Duration::from_hours(24));
        assert_eq!(next_due(&keys), Some(removal));
        assert_eq!(due(&keys, removal.before(Duration::from_millis(1))), None);
        assert_eq!(due(&keys, removal), Some(Step::RemoveOldest));
    }
}
