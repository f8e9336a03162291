//! Accounts whose address was never verified: asked for their use now and then, and deleted if they have none.

use std::time::Duration;

use common::{Decision, Intervals, Time};

use super::User;

/// Between the questions whether the account is used. The first follows when the verification email is a week old.
const INTERVALS: Intervals =
    Intervals { first: Duration::from_hours(7 * 24), factor: 2, max: Duration::from_hours(8 * 7 * 24) };

impl User {
    /// When the account is deleted unless it is used. Returns `None` for a verified address, and for accounts of former
    /// releases, which were sent no link.
    pub fn release_at(&self) -> Option<Time> {
        let is_unverified = self.verified_at.is_none() && self.verification.is_some();
        is_unverified.then(|| INTERVALS.due(self.created_at, self.release_checks))
    }

    /// The account after a question.
    #[must_use]
    pub fn release_checked(&self, now: Time) -> Decision<Self> {
        let release_checks = INTERVALS.repeated(self.created_at, self.release_checks, now);
        Decision::without_event(Self { release_checks, version: self.version + 1, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{hash, start, user};

    #[test]
    fn an_account_is_asked_for_after_a_week_and_then_less_often() {
        let (mut user, day) = (user(), Duration::from_hours(24));
        for after in [7, 21, 49] {
            let due = start().after(day * after);
            assert_eq!(user.release_at(), Some(due));
            user = user.release_checked(due).next;
        }
        let verified = user.verify(&hash(1), start()).expect("valid").next;
        assert_eq!(verified.release_at(), None);
        assert_eq!(User { verification: None, ..user }.release_at(), None, "of a former release");
    }
}
