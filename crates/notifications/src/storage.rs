//! Storage of recipients and of the emails about orders: collections and indexes.

use common::Decision;
use mail::{PendingEmails, SendsEmail};
use store::{Document, Index, Keys, Verifier};
use uuid::Uuid;

use crate::domain::{OrderEmails, Recipient};

/// The collections of this service.
pub const DOCUMENTS: &[Verifier] = &[Verifier::of::<Recipient>(), Verifier::of::<OrderEmails>()];

/// The indexes of emails about orders.
pub(crate) mod index {
    /// Orders by the time when their first email is due.
    pub(crate) const BY_EMAIL_DUE: &str = "emails";
    /// Orders by the time when their last email failed for good.
    pub(crate) const BY_EMAIL_FAILED: &str = "failed-emails";
    /// Orders with a pending email, by its recipient.
    pub(crate) const BY_RECIPIENT: &str = "recipient";
    /// Orders by the time when they last caused an email.
    pub(crate) const BY_NOTICE: &str = "noticed";
}

impl Document for Recipient {
    const COLLECTION: &'static str = "recipients";

    fn id(&self) -> Uuid {
        self.user_id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl Document for OrderEmails {
    const COLLECTION: &'static str = "order-emails";
    const INDEXES: &'static [Index] = &[
        Index::one(index::BY_EMAIL_DUE),
        Index::one(index::BY_EMAIL_FAILED),
        Index::many(index::BY_RECIPIENT),
        Index::one(index::BY_NOTICE),
    ];

    fn id(&self) -> Uuid {
        self.order_id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let mut keys = Keys::none().ordered(index::BY_NOTICE, [self.noticed_at.into()]);
        if let Some(due) = self.emails.due() {
            keys = keys.ordered(index::BY_EMAIL_DUE, [due.into()]);
        }
        if let Some(at) = self.emails.failed_at() {
            keys = keys.ordered(index::BY_EMAIL_FAILED, [at.into()]);
        }
        self.recipients().fold(keys, |keys, user| keys.ordered(index::BY_RECIPIENT, [user.into()]))
    }
}

impl SendsEmail for OrderEmails {
    const BY_EMAIL_DUE: &'static str = index::BY_EMAIL_DUE;
    const BY_EMAIL_FAILED: &'static str = index::BY_EMAIL_FAILED;

    fn emails(&self) -> &PendingEmails {
        &self.emails
    }

    fn with_emails(&self, emails: PendingEmails) -> Decision<Self> {
        self.with_emails(emails)
    }
}
