//! Values for the tests of the domain.

use common::Time;
use mail::{Kind, PendingEmail, Secret};
use uuid::Uuid;

use super::{Email, Link, PasswordHash, TokenHash, User};

/// When the user signed up.
pub(super) fn start() -> Time {
    Time::from_millis(5)
}

pub(super) fn hash(number: u8) -> TokenHash {
    TokenHash::new(format!("hash{number}"))
}

/// A link that is valid for a day.
pub(super) fn link(number: u8) -> Link {
    Link::verification(hash(number), start())
}

pub(super) fn email(kind: Kind) -> PendingEmail {
    PendingEmail {
        id: Uuid::nil(),
        kind,
        to: "ann@example.com".into(),
        message_id: "1@tickets.example".into(),
        created_at: start(),
        attempts: 0,
        due: start(),
    }
}

pub(super) fn token() -> Secret {
    Secret::new("token".into())
}

/// A user who has just signed up; link 1 verifies the address.
pub(super) fn user() -> User {
    let address = Email::parse("ann@example.com").expect("an address");
    let password = PasswordHash::new("$argon2id$v=19$secret".into());
    let sent = email(Kind::VerifyAddress { token: token() });
    User::sign_up(Uuid::nil().into(), address, password, (link(1), sent), start()).next
}
