//! A user's passkeys: public keys whose private halves stay in the user's authenticators.

use std::fmt;

use common::{Decision, PasskeyId, Time};
use mail::PendingEmail;
use serde::{Deserialize, Serialize};

use super::User;

/// A passkey of a user. `Debug` omits the name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Passkey {
    /// The passkey.
    pub id: PasskeyId,
    /// The user's name for it.
    pub name: String,
    /// The authenticator's id of it, in base64url: a unique key.
    pub credential: String,
    /// The public key as COSE (RFC 9052), in base64url.
    pub public_key: String,
    /// The signature algorithm (IANA's COSE registry).
    pub algorithm: i32,
    /// The number of signatures as the authenticator counts them; 0: the authenticator does not count.
    pub counter: u32,
    /// When the user added it.
    pub created_at: Time,
    /// When the user last signed in with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Time>,
}

impl fmt::Debug for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passkey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The refusal of one passkey too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account has {} passkeys", User::MAX_PASSKEYS)]
pub struct TooManyPasskeys;

/// The refusal of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureRefusal {
    /// The account has no such passkey.
    Unknown,
    /// The authenticator counts fewer signatures than before, so it may be a copy (WebAuthn section 6.1.1).
    CounterWentBack(PasskeyId),
}

impl User {
    /// The largest number of passkeys of a user: more than the devices of a person.
    pub const MAX_PASSKEYS: usize = 20;

    /// The passkey with this id of an authenticator.
    pub fn passkey_of(&self, credential: &str) -> Option<&Passkey> {
        self.passkeys.iter().find(|passkey| passkey.credential == credential)
    }

    /// Checks whether the user may add a passkey.
    ///
    /// # Errors
    /// The user has as many as allowed.
    pub fn check_passkeys(&self) -> Result<(), TooManyPasskeys> {
        if self.passkeys.len() < Self::MAX_PASSKEYS { Ok(()) } else { Err(TooManyPasskeys) }
    }

    /// Adds a passkey, of which `notice` informs the user.
    ///
    /// # Errors
    /// The user has as many as allowed.
    pub fn add_passkey(
        &self,
        passkey: Passkey,
        notice: PendingEmail,
        now: Time,
    ) -> Result<Decision<Self>, TooManyPasskeys> {
        self.check_passkeys()?;
        let passkeys = self.passkeys.iter().cloned().chain([passkey]).collect();
        Ok(self.with_passkeys(passkeys, notice, now))
    }

    /// Removes a passkey, of which `notice` informs the user. Returns `None` if the user has no such passkey.
    pub fn remove_passkey(&self, id: PasskeyId, notice: PendingEmail, now: Time) -> Option<Decision<Self>> {
        let others: Vec<_> = self.passkeys.iter().filter(|passkey| passkey.id != id).cloned().collect();
        (others.len() < self.passkeys.len()).then(|| self.with_passkeys(others, notice, now))
    }

    fn with_passkeys(&self, passkeys: Vec<Passkey>, notice: PendingEmail, now: Time) -> Decision<Self> {
        Decision::without_event(Self {
            passkeys,
            credentials: self.credentials + 1,
            emails: self.emails.with(notice),
            ..self.next(now)
        })
    }

    /// Accepts a verified signature, which raises the counter of its passkey.
    ///
    /// # Errors
    /// The passkey was removed, or its counter went back.
    pub fn use_passkey(
        &self,
        credential: &str,
        counter: u32,
        now: Time,
    ) -> Result<Decision<Self>, SignatureRefusal> {
        let mut passkeys = self.passkeys.clone();
        let used = passkeys.iter_mut().find(|passkey| passkey.credential == credential);
        let used = used.ok_or(SignatureRefusal::Unknown)?;
        // Two zeros: the authenticator does not count.
        if counter <= used.counter && (counter, used.counter) != (0, 0) {
            return Err(SignatureRefusal::CounterWentBack(used.id));
        }
        used.counter = counter;
        used.last_used_at = Some(now);
        Ok(Decision::without_event(Self { passkeys, ..self.next(now) }))
    }
}

#[cfg(test)]
mod tests {
    use mail::{Factor, Kind};
    use uuid::Uuid;

    use super::*;
    use crate::domain::tests::{email, start, user};

    fn passkey(number: u128) -> Passkey {
        Passkey {
            id: Uuid::from_u128(number).into(),
            name: "phone".into(),
            credential: format!("credential{number}"),
            public_key: "key".into(),
            algorithm: -7,
            counter: 0,
            created_at: start(),
            last_used_at: None,
        }
    }

    fn notice() -> PendingEmail {
        email(Kind::FactorAdded { factor: Factor::Passkey, at: start() })
    }

    fn with(passkeys: Vec<Passkey>) -> User {
        User { passkeys, ..user() }
    }

    #[test]
    fn a_user_has_at_most_twenty_passkeys() {
        let mut user = user();
        for number in 0..20 {
            user = user.add_passkey(passkey(number), notice(), start()).expect("allowed").next;
        }
        assert_eq!((user.passkeys.len(), user.version, user.credentials), (20, 21, 20));
        assert_eq!(user.add_passkey(passkey(20), notice(), start()), Err(TooManyPasskeys));
        let removed = user.remove_passkey(passkey(3).id, notice(), start()).expect("it was there").next;
        assert!(removed.passkey_of("credential3").is_none() && removed.check_passkeys().is_ok());
        assert_eq!(removed.remove_passkey(passkey(3).id, notice(), start()), None);
    }

    #[test]
    fn a_counter_that_does_not_rise_is_refused() {
        let user = with(vec![Passkey { counter: 7, ..passkey(1) }]);
        let refused = Err(SignatureRefusal::CounterWentBack(passkey(1).id));
        for counter in [0, 6, 7] {
            assert_eq!(user.use_passkey("credential1", counter, start()), refused, "{counter}");
        }
        let accepted = user.use_passkey("credential1", 8, start()).expect("accepted").next;
        assert_eq!((accepted.passkeys[0].counter, accepted.passkeys[0].last_used_at), (8, Some(start())));
        assert_eq!(accepted.credentials, user.credentials, "a sign-in changes no credentials");
        assert_eq!(accepted.use_passkey("credential1", 8, start()), refused);
    }

    #[test]
    fn an_authenticator_that_does_not_count_is_accepted_every_time() {
        let mut user = with(vec![passkey(1), passkey(2)]);
        for _ in 0..3 {
            user = user.use_passkey("credential2", 0, start()).expect("accepted").next;
        }
        assert_eq!(user.passkeys[0], passkey(1));
        assert_eq!(user.use_passkey("credential3", 0, start()), Err(SignatureRefusal::Unknown));
    }

    #[test]
    fn neither_the_name_nor_the_key_is_shown_in_debug_output() {
        let shown = format!("{:?}", with(vec![passkey(1)]));
        assert!(!shown.contains("phone") && !shown.contains("credential1"), "{shown}");
    }
}
