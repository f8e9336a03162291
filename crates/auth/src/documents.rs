//! How people and sessions are stored.

use store::{Document, Index, Keys, UniqueKey};
use uuid::Uuid;

use crate::domain::{Email, Session, User};

/// The claim of an address.
pub(crate) const EMAIL: &str = "email";
/// Sessions by the moment from which on nobody needs to know of them.
pub(crate) const FORGOTTEN: &str = "forgotten";
/// The live sessions of a person, oldest first.
pub(crate) const BY_USER: &str = "by-user";

/// What the account of this address claims.
pub(crate) fn email_key(email: &Email) -> UniqueKey {
    UniqueKey::new(EMAIL, email.claimed_as())
}

impl Document for User {
    const COLLECTION: &'static str = "users";
    const UNIQUE_KEYS: &'static [&'static str] = &[EMAIL];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        Keys::none().unique(email_key(&self.email))
    }
}

impl Document for Session {
    const COLLECTION: &'static str = "sessions";
    const INDEXES: &'static [Index] = &[Index::one(FORGOTTEN), Index::one(BY_USER)];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let keys = Keys::none().ordered(FORGOTTEN, [self.forgotten_at().into()]);
        match self.revoked_at {
            None => keys.ordered(BY_USER, [self.user_id.into(), self.created_at.into()]),
            Some(_) => keys,
        }
    }
}
