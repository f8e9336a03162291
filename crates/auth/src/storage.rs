//! Storage of users, their requests, sessions, challenges and activities, of signing keys and counts of attempts: collections, indexes and unique keys.

use common::Decision;
use mail::{PendingEmails, SendsEmail};
use store::{Document, Index, Keys, Range, UniqueKey, Verifier};
use uuid::Uuid;

use crate::domain::{Activity, Challenge, Email, Session, User};
use crate::keys::SigningKey;
use crate::reset_request::ResetRequest;
use crate::throttle::AttemptCount;

/// The collections of this service.
pub const DOCUMENTS: &[Verifier] = &[
    Verifier::of::<User>(),
    Verifier::of::<Session>(),
    Verifier::of::<SigningKey>(),
    Verifier::of::<ResetRequest>(),
    Verifier::of::<AttemptCount>(),
    Verifier::of::<Challenge>(),
    Verifier::of::<Activity>(),
];

/// The indexes.
pub(crate) mod index {
    /// Users by the time when their first email is due.
    pub(crate) const BY_EMAIL_DUE: &str = "emails";
    /// Users by the time when their last email failed for good.
    pub(crate) const BY_EMAIL_FAILED: &str = "failed-emails";
    /// Users of former releases that were not announced, by the time they signed up.
    pub(crate) const BY_ANNOUNCEMENT: &str = "unannounced";
    /// Requests of new passwords, oldest first.
    pub(crate) const BY_REQUEST: &str = "requested";
    /// Sessions, counts of attempts and challenges by the time at which they are purged.
    pub(crate) const BY_EXPIRY: &str = "forgotten";
    /// Activities by the time at which they happened.
    pub(crate) const BY_TIME: &str = "time";
    /// A user's activities, oldest first, or sessions that were not revoked, by the time they started.
    pub(crate) const BY_USER: &str = "by-user";
    /// Revoked sessions by the time when the revocation is published again.
    pub(crate) const BY_OVERDUE: &str = "overdue";
    /// Signing keys, oldest first.
    pub(crate) const BY_GENERATION: &str = "generation";
}

/// The name of [`email_key`].
pub(crate) const EMAIL: &str = "email";
/// The name of the unique key of a signing key: decides which replica's key is the next one.
const GENERATION: &str = "generation";

/// The unique key of the account of an email address.
pub(crate) fn email_key(email: &Email) -> UniqueKey {
    UniqueKey::new(EMAIL, email.normalized())
}

impl Document for User {
    const COLLECTION: &'static str = "users";
    /// 2: the links of emails, the emails, the second factor, and the index of users to announce.
    const FORMAT: u32 = 2;
    const INDEXES: &'static [Index] = &[
        Index::one(index::BY_EMAIL_DUE),
        Index::one(index::BY_EMAIL_FAILED),
        Index::one(index::BY_ANNOUNCEMENT),
    ];
    const UNIQUE_KEYS: &'static [&'static str] = &[EMAIL];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let mut keys = Keys::none().unique(email_key(&self.email));
        if let Some(due) = self.emails.due() {
            keys = keys.ordered(index::BY_EMAIL_DUE, [due.into()]);
        }
        if let Some(at) = self.emails.failed_at() {
            keys = keys.ordered(index::BY_EMAIL_FAILED, [at.into()]);
        }
        if let Some(at) = self.announce_at() {
            keys = keys.ordered(index::BY_ANNOUNCEMENT, [at.into()]);
        }
        keys
    }
}

impl SendsEmail for User {
    const BY_EMAIL_DUE: &'static str = index::BY_EMAIL_DUE;
    const BY_EMAIL_FAILED: &'static str = index::BY_EMAIL_FAILED;

    fn emails(&self) -> &PendingEmails {
        &self.emails
    }

    fn with_emails(&self, emails: PendingEmails) -> Decision<Self> {
        self.with_emails(emails)
    }
}

impl Document for ResetRequest {
    const COLLECTION: &'static str = "reset-requests";
    const INDEXES: &'static [Index] = &[Index::one(index::BY_REQUEST)];

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        Keys::none().ordered(index::BY_REQUEST, [self.requested_at.into()])
    }
}

impl Document for Session {
    const COLLECTION: &'static str = "sessions";
    /// 2: the index of overdue documents. 3: the last authentication.
    const FORMAT: u32 = 3;
    const INDEXES: &'static [Index] =
        &[Index::one(index::BY_EXPIRY), Index::one(index::BY_USER), Index::one(index::BY_OVERDUE)];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let keys = Keys::none().ordered(index::BY_EXPIRY, [self.purge_at().into()]);
        let keys = match self.overdue_at() {
            Some(due) => keys.ordered(index::BY_OVERDUE, [due.into()]),
            None => keys,
        };
        match self.revoked_at {
            None => keys.ordered(index::BY_USER, [self.user_id.into(), self.created_at.into()]),
            Some(_) => keys,
        }
    }
}

impl SigningKey {
    /// The range of all keys, oldest first: never more than a few.
    pub(crate) fn all() -> Range {
        Range::of(index::BY_GENERATION, [])
    }
}

impl Document for SigningKey {
    const COLLECTION: &'static str = "signing-keys";
    const INDEXES: &'static [Index] = &[Index::one(index::BY_GENERATION)];
    const UNIQUE_KEYS: &'static [&'static str] = &[GENERATION];

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        Keys::none()
            .ordered(index::BY_GENERATION, [i64::from(self.generation).into()])
            .unique(UniqueKey::new(GENERATION, self.generation))
    }
}

impl Document for AttemptCount {
    const COLLECTION: &'static str = "attempt-counts";
    const INDEXES: &'static [Index] = &[Index::one(index::BY_EXPIRY)];

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        Keys::none().ordered(index::BY_EXPIRY, [self.expires_at.into()])
    }
}

impl Document for Challenge {
    const COLLECTION: &'static str = "challenges";
    const INDEXES: &'static [Index] = &[Index::one(index::BY_EXPIRY)];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        Keys::none().ordered(index::BY_EXPIRY, [self.expires_at.into()])
    }
}

impl Document for Activity {
    const COLLECTION: &'static str = "activities";
    const INDEXES: &'static [Index] = &[Index::one(index::BY_TIME), Index::one(index::BY_USER)];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        Keys::none()
            .ordered(index::BY_TIME, [self.at.into()])
            .ordered(index::BY_USER, [self.user_id.into(), self.at.into()])
    }
}
