//! The outcome of an aggregate's command: the next state and the events to publish.

use crate::{Event, Time};

/// The outcome of a command that changes the aggregate. Both parts are committed in one atomic write.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<A> {
    /// The next state; its version is one above the version of the state that was decided on, or [`raised_version`].
    pub next: A,
    /// The events to publish, in this order.
    pub events: Vec<Event>,
}

impl<A> Decision<A> {
    /// A change that no other service needs to know.
    pub fn without_event(next: A) -> Self {
        Self { next, events: Vec::new() }
    }

    /// A change with one event.
    pub fn with_event(next: A, event: Event) -> Self {
        Self { next, events: vec![event] }
    }
}

/// A version above all that this aggregate ever published, of which a restored database knows only those up to `known`:
/// the milliseconds since 1970. An aggregate has fewer commits than milliseconds pass, so no later restore repeats a version,
/// whichever backup it begins with. JSON numbers hold such versions exactly.
pub fn raised_version(known: u64, now: Time) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(0).max(known.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raised_version_is_above_the_known_one_and_above_all_of_former_restores() {
        let now = Time::from_millis(1_795_000_000_000);
        assert_eq!(raised_version(7, now), 1_795_000_000_000);
        let published = raised_version(7, now) + 59_999;
        let later = now.after(std::time::Duration::from_mins(1));
        assert!(raised_version(3, later) > published, "an older backup, a minute later");
        assert_eq!(
            raised_version(raised_version(7, later), now),
            1_795_000_060_001,
            "a clock that was set back"
        );
        assert!(raised_version(0, Time::from_millis(i64::MAX)) < 1 << 53, "exact as a JSON number");
    }
}
