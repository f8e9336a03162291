//! A sign-in whose password was right and that waits for the second factor.

use std::time::Duration;

use common::{ChallengeId, Decision, Time, UserId};
use serde::{Deserialize, Serialize};

use super::{TokenHash, User};

/// A sign-in that waits for the second factor. Any change of password or factors voids it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// The challenge.
    pub id: ChallengeId,
    /// The version.
    pub version: u64,
    /// The user.
    pub user_id: UserId,
    /// The hash of the token's secret.
    hash: TokenHash,
    /// The credentials of the account when the password was right.
    credentials: u32,
    /// The number of codes that were tried.
    attempts: u32,
    /// When no code is accepted any more.
    pub expires_at: Time,
}

/// The refusal of a challenge that is too old, was used up, or is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChallengeExpired;

impl Challenge {
    /// How long a code can be sent.
    pub const TIMEOUT: Duration = Duration::from_mins(5);
    /// The largest number of codes that can be tried.
    pub const MAX_ATTEMPTS: u32 = 5;

    /// A challenge for a user whose password was right.
    pub fn new(id: ChallengeId, user: &User, hash: TokenHash, now: Time) -> Decision<Self> {
        Decision::without_event(Self {
            id,
            version: 1,
            user_id: user.id,
            hash,
            credentials: user.credentials,
            attempts: 0,
            expires_at: now.after(Self::TIMEOUT),
        })
    }

    /// Counts one more code, before it is looked at.
    ///
    /// # Errors
    /// No code is accepted any more.
    pub fn attempt(
        &self,
        hash: &TokenHash,
        user: &User,
        now: Time,
    ) -> Result<Decision<Self>, ChallengeExpired> {
        let is_valid = self.hash == *hash
            && now < self.expires_at
            && self.attempts < Self::MAX_ATTEMPTS
            && self.credentials == user.credentials;
        if !is_valid {
            return Err(ChallengeExpired);
        }
        let next = Self { version: self.version + 1, attempts: self.attempts + 1, ..self.clone() };
        Ok(Decision::without_event(next))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::tests::{hash, start, user};

    #[test]
    fn a_challenge_accepts_five_codes_within_five_minutes_while_the_credentials_stay() {
        let mut challenge = Challenge::new(Uuid::nil().into(), &user(), hash(1), start()).next;
        let last = start().after(Challenge::TIMEOUT).before(Duration::from_millis(1));
        let changed = User { credentials: 1, ..user() };
        assert_eq!(challenge.attempt(&hash(2), &user(), start()), Err(ChallengeExpired));
        assert_eq!(challenge.attempt(&hash(1), &changed, start()), Err(ChallengeExpired));
        assert_eq!(
            challenge.attempt(&hash(1), &user(), start().after(Challenge::TIMEOUT)),
            Err(ChallengeExpired)
        );
        for _ in 0..Challenge::MAX_ATTEMPTS {
            challenge = challenge.attempt(&hash(1), &user(), last).expect("accepted").next;
        }
        assert_eq!(challenge.attempt(&hash(1), &user(), last), Err(ChallengeExpired));
    }
}
