//! The authenticator app of an account, with its recovery codes: the second factor of a sign-in with a password.

use std::fmt;

use common::{Decision, Time};
use mail::PendingEmail;
use serde::{Deserialize, Serialize};

use super::{TokenHash, User};

/// The encrypted secret that an authenticator app and the account share. `Debug` omits it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedSeed(String);

impl SealedSeed {
    /// An encrypted seed as text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SealedSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSeed(…)")
    }
}

/// An authenticator app that sign-ins require.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authenticator {
    /// Its seed.
    pub seed: SealedSeed,
    /// The step of the last accepted code: each code counts once.
    pub last_step: u64,
    /// The hashes of the recovery codes that were not used.
    pub recovery_codes: Vec<TokenHash>,
    /// When it was confirmed.
    pub since: Time,
}

/// The refusal of a code that is wrong or was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidCode;

impl User {
    /// Whether a sign-in with the password needs a second factor.
    pub fn requires_second_factor(&self) -> bool {
        self.authenticator.is_some()
    }

    /// Whether neither the password nor the factors have changed since `earlier`.
    pub fn has_credentials_of(&self, earlier: &Self) -> bool {
        self.credentials == earlier.credentials && self.password == earlier.password
    }

    /// Begins to set up an authenticator app. One that is in force counts until the new one is confirmed.
    pub fn begin_authenticator(&self, seed: SealedSeed, now: Time) -> Decision<Self> {
        Decision::without_event(Self { new_authenticator: Some(seed), ..self.next(now) })
    }

    /// Confirms the authenticator app that was begun, by a code of this step. From now on sign-ins require it.
    ///
    /// # Errors
    /// None was begun, or the code is not one of its codes (`step` is `None`).
    pub fn confirm_authenticator(
        &self,
        step: Option<u64>,
        recovery_codes: Vec<TokenHash>,
        notice: PendingEmail,
        now: Time,
    ) -> Result<Decision<Self>, InvalidCode> {
        let (Some(seed), Some(last_step)) = (self.new_authenticator.clone(), step) else {
            return Err(InvalidCode);
        };
        Ok(Decision::without_event(Self {
            authenticator: Some(Authenticator { seed, last_step, recovery_codes, since: now }),
            new_authenticator: None,
            credentials: self.credentials + 1,
            emails: self.emails.with(notice),
            ..self.next(now)
        }))
    }

    /// Removes the authenticator app and its recovery codes. Returns `None` if there is none.
    pub fn remove_authenticator(&self, notice: PendingEmail, now: Time) -> Option<Decision<Self>> {
        let without = Self { authenticator: None, new_authenticator: None, ..self.next(now) };
        match (&self.authenticator, &self.new_authenticator) {
            (None, None) => None,
            (None, Some(_)) => Some(Decision::without_event(without)),
            (Some(_), _) => Some(Decision::without_event(Self {
                credentials: self.credentials + 1,
                emails: self.emails.with(notice),
                ..without
            })),
        }
    }

    /// Uses the code of this step.
    ///
    /// # Errors
    /// The code is not one of the authenticator's (`step` is `None`), or it or a later one was used.
    pub fn use_code(&self, step: Option<u64>, now: Time) -> Result<Decision<Self>, InvalidCode> {
        let authenticator = self.authenticator.as_ref().ok_or(InvalidCode)?;
        let last_step = step.filter(|step| *step > authenticator.last_step).ok_or(InvalidCode)?;
        let authenticator = Some(Authenticator { last_step, ..authenticator.clone() });
        Ok(Decision::without_event(Self { authenticator, ..self.next(now) }))
    }

    /// Uses a recovery code.
    ///
    /// # Errors
    /// The code is none of the account's, or it was used.
    pub fn use_recovery_code(&self, code: &TokenHash, now: Time) -> Result<Decision<Self>, InvalidCode> {
        let mut authenticator = self.authenticator.clone().ok_or(InvalidCode)?;
        let position = authenticator.recovery_codes.iter().position(|known| known == code);
        authenticator.recovery_codes.remove(position.ok_or(InvalidCode)?);
        Ok(Decision::without_event(Self { authenticator: Some(authenticator), ..self.next(now) }))
    }
}

#[cfg(test)]
mod tests {
    use mail::{Factor, Kind};

    use super::*;
    use crate::domain::tests::{email, hash, start, user};

    fn seed(text: &str) -> SealedSeed {
        SealedSeed::new(text.into())
    }

    fn added() -> PendingEmail {
        email(Kind::FactorAdded { factor: Factor::Authenticator, at: start() })
    }

    fn removed() -> PendingEmail {
        email(Kind::FactorRemoved { factor: Factor::Authenticator, at: start() })
    }

    fn confirmed() -> User {
        let begun = user().begin_authenticator(seed("first"), start()).next;
        begun.confirm_authenticator(Some(7), vec![hash(1), hash(2)], added(), start()).expect("right").next
    }

    #[test]
    fn an_authenticator_counts_once_it_is_confirmed() {
        let begun = user().begin_authenticator(seed("first"), start()).next;
        assert!(!begun.requires_second_factor() && begun.has_credentials_of(&user()));
        assert_eq!(begun.use_code(Some(8), start()), Err(InvalidCode));
        assert_eq!(begun.confirm_authenticator(None, vec![], added(), start()), Err(InvalidCode));
        assert_eq!(user().confirm_authenticator(Some(7), vec![], added(), start()), Err(InvalidCode));
        let confirmed = confirmed();
        assert!(confirmed.requires_second_factor() && !confirmed.has_credentials_of(&begun));
        assert_eq!(confirmed.emails.pending().last().map(|email| email.kind.name()), Some("factor-added"));
    }

    #[test]
    fn a_replacement_counts_once_it_is_confirmed() {
        let begun = confirmed().begin_authenticator(seed("second"), start()).next;
        let seed_of = |user: &User| user.authenticator.as_ref().map(|it| it.seed.as_str().to_owned());
        assert_eq!(seed_of(&begun), Some("first".into()));
        let replaced = begun.confirm_authenticator(Some(3), vec![hash(3)], added(), start());
        let replaced = replaced.expect("right").next;
        assert_eq!((seed_of(&replaced), replaced.new_authenticator.clone()), (Some("second".into()), None));
        assert_eq!(replaced.use_recovery_code(&hash(1), start()), Err(InvalidCode), "the former codes");
        assert!(replaced.use_code(Some(4), start()).is_ok(), "steps of another seed do not compare");
    }

    #[test]
    fn each_code_counts_once_and_no_former_one_after_it() {
        let user = confirmed();
        for step in [None, Some(6), Some(7)] {
            assert_eq!(user.use_code(step, start()), Err(InvalidCode), "{step:?}");
        }
        let after = user.use_code(Some(9), start()).expect("new").next;
        assert_eq!(after.use_code(Some(8), start()), Err(InvalidCode));
        assert!(after.has_credentials_of(&user), "a sign-in changes no credentials");
        let after = user.use_recovery_code(&hash(1), start()).expect("new").next;
        assert_eq!(after.use_recovery_code(&hash(1), start()), Err(InvalidCode));
        assert_eq!(after.use_recovery_code(&hash(9), start()), Err(InvalidCode));
        assert!(after.use_recovery_code(&hash(2), start()).is_ok());
    }

    #[test]
    fn a_removed_authenticator_takes_its_recovery_codes_along() {
        let gone = confirmed().remove_authenticator(removed(), start()).expect("there was one").next;
        assert!(!gone.requires_second_factor() && !gone.has_credentials_of(&confirmed()));
        assert_eq!(gone.use_recovery_code(&hash(1), start()), Err(InvalidCode));
        assert_eq!(gone.remove_authenticator(removed(), start()), None);
        let begun = user().begin_authenticator(seed("first"), start()).next;
        let forgotten = begun.remove_authenticator(removed(), start()).expect("one was begun").next;
        assert_eq!((forgotten.new_authenticator.clone(), &forgotten.emails), (None, &user().emails));
    }
}
