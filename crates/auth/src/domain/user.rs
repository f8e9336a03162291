//! A user, and the hash of the password.

use std::fmt;

use common::{Decision, Time, UserId};
use serde::{Deserialize, Serialize};

use super::Email;

/// A user with an account. `Debug` omits the email address and the password hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The user.
    pub id: UserId,
    /// The version.
    pub version: u64,
    /// The email address.
    pub email: Email,
    /// The hash of the password.
    pub password: PasswordHash,
    /// When the user signed up.
    pub created_at: Time,
    /// When the user last changed.
    pub updated_at: Time,
}

/// A password hash as a PHC string (`$argon2id$…`), with its salt and parameters. `Debug` omits it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash from its PHC string.
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl User {
    /// Creates an account, without an event: tokens carry all that the other services need.
    pub fn sign_up(id: UserId, email: Email, password: PasswordHash, now: Time) -> Decision<Self> {
        Decision::without_event(Self { id, version: 1, email, password, created_at: now, updated_at: now })
    }

    /// From now on this is the password.
    pub fn change_password(&self, password: PasswordHash, now: Time) -> Decision<Self> {
        Decision::without_event(Self { version: self.version + 1, password, updated_at: now, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user() -> User {
        let email = Email::parse("ann@example.com").expect("an address");
        let hash = PasswordHash::new("$argon2id$v=19$secret".into());
        User::sign_up(Uuid::nil().into(), email, hash, Time::from_millis(5)).next
    }

    #[test]
    fn an_account_is_kept_whole() {
        let json = serde_json::to_string(&user()).expect("JSON");
        assert_eq!(serde_json::from_str::<User>(&json).expect("a user"), user());
    }

    #[test]
    fn a_new_password_takes_the_place_of_the_old_one_and_changes_nothing_else() {
        let (user, now) = (user(), Time::from_millis(9));
        let hash = PasswordHash::new("$argon2id$v=19$other".into());
        let Decision { next, events } = user.change_password(hash.clone(), now);
        assert_eq!(next, User { version: 2, password: hash, updated_at: now, ..user });
        assert!(events.is_empty());
    }

    #[test]
    fn neither_address_nor_hash_is_shown_in_debug_output() {
        let shown = format!("{:?}", user());
        assert!(
            !shown.contains("ann@") && !shown.contains("argon2id") && shown.contains("PasswordHash(…)"),
            "{shown}"
        );
    }
}
