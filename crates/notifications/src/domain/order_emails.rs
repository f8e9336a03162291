//! The emails about one order, and the notices that caused them.

use common::event::OrderSnapshot;
use common::{Decision, OrderId, Time, UserId};
use mail::{PendingEmail, PendingEmails};
use serde::{Deserialize, Serialize};

use super::{Notice, Party};

/// The emails about one order. A notice that is listed here causes no further email.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderEmails {
    /// The order, and the id of the document.
    pub order_id: OrderId,
    /// The buyer.
    pub buyer: UserId,
    /// The seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller: Option<UserId>,
    /// The notices that have caused an email.
    pub notices: Vec<Notice>,
    /// The emails that are to be sent.
    #[serde(default, skip_serializing_if = "PendingEmails::is_empty")]
    pub emails: PendingEmails,
    /// The version.
    pub version: u64,
    /// When the last notice caused an email.
    pub noticed_at: Time,
}

impl OrderEmails {
    /// Adds the emails whose notices have caused none. Returns `None` if all have.
    pub fn add(
        known: Option<&Self>,
        order: &OrderSnapshot,
        emails: &[(Notice, PendingEmail)],
        now: Time,
    ) -> Option<Decision<Self>> {
        let mut next = known.cloned().unwrap_or_else(|| Self {
            order_id: order.id,
            buyer: order.user_id,
            seller: order.ticket.seller_id,
            notices: Vec::new(),
            emails: PendingEmails::default(),
            version: 0,
            noticed_at: now,
        });
        let before = next.notices.len();
        for (notice, email) in emails {
            if !next.notices.contains(notice) {
                next.notices.push(*notice);
                next.emails = next.emails.with(email.clone());
            }
        }
        let is_new = next.notices.len() > before;
        is_new.then(|| Decision::without_event(Self { version: next.version + 1, noticed_at: now, ..next }))
    }

    /// The emails after an attempt to send one.
    pub fn with_emails(&self, emails: PendingEmails) -> Decision<Self> {
        Decision::without_event(Self { version: self.version + 1, emails, ..self.clone() })
    }

    /// Drops the pending emails to a person, whose account was deleted. Returns `None` if none is pending.
    pub fn drop_emails_to(&self, user: UserId) -> Option<Decision<Self>> {
        let mut emails = self.emails.clone();
        for email in self.emails.pending() {
            if self.recipient(email) == Some(user) {
                emails = emails.without(email.kind.name());
            }
        }
        (emails != self.emails).then(|| self.with_emails(emails))
    }

    /// The recipients of pending emails, each once: buyer and seller differ.
    pub fn recipients(&self) -> impl Iterator<Item = UserId> {
        let is_pending =
            |user: &UserId| self.emails.pending().iter().any(|email| self.recipient(email) == Some(*user));
        [Some(self.buyer), self.seller].into_iter().flatten().filter(is_pending)
    }

    fn recipient(&self, email: &PendingEmail) -> Option<UserId> {
        match Party::of(&email.kind) {
            Party::Buyer => Some(self.buyer),
            Party::Seller => self.seller,
        }
    }
}
