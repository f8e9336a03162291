//! Emails that are to be sent: durable jobs in the document that causes them.

use std::fmt;

use common::Time;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Kind, SendError};

/// An email that is to be sent. `Debug` omits the recipient.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingEmail {
    /// The id.
    pub id: Uuid,
    /// The kind with its parameters.
    #[serde(flatten)]
    pub kind: Kind,
    /// The address of the recipient.
    pub to: String,
    /// The `Message-ID`: every attempt has the same.
    pub message_id: String,
    /// When the email was caused.
    pub created_at: Time,
    /// The number of attempts so far, the leased one included.
    #[serde(default)]
    pub attempts: u32,
    /// When the next attempt is due, or when the lease of the present one ends.
    pub due: Time,
}

impl fmt::Debug for PendingEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, kind, attempts, due, .. } = self;
        f.debug_struct("PendingEmail")
            .field("id", id)
            .field("kind", kind)
            .field("attempts", attempts)
            .field("due", due)
            .finish_non_exhaustive()
    }
}

/// An email that failed for good, kept for the operator: without the recipient, and without the secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedEmail {
    /// The id.
    pub id: Uuid,
    /// The name of the kind.
    pub kind: String,
    /// When the last attempt failed.
    pub at: Time,
    /// The number of attempts.
    pub attempts: u32,
    /// The reason, such as `the mail server replied 550`.
    pub reason: String,
}

/// The outcome of a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Another attempt follows.
    Retried,
    /// No attempt follows.
    ForGood,
}

/// The emails of a document. At most one of each kind is pending: a newer one supersedes the older.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingEmails {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pending: Vec<PendingEmail>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    failed: Vec<FailedEmail>,
}

impl PendingEmails {
    /// The largest number of attempts: with the worker's backoff about half a day, longer than most servers are down.
    pub const MAX_ATTEMPTS: u32 = 20;
    /// The number of failed emails that are kept for the operator.
    pub const MAX_FAILED: usize = 4;

    /// Whether no email is pending or has failed.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.failed.is_empty()
    }

    /// The emails that are to be sent.
    pub fn pending(&self) -> &[PendingEmail] {
        &self.pending
    }

    /// The last emails that failed for good, oldest first.
    pub fn failed(&self) -> &[FailedEmail] {
        &self.failed
    }

    /// The emails with a further one.
    #[must_use]
    pub fn with(&self, email: PendingEmail) -> Self {
        let mut next = self.without(email.kind.name());
        next.pending.push(email);
        next
    }

    /// The emails without the pending one of this kind.
    #[must_use]
    pub fn without(&self, kind: &str) -> Self {
        let mut next = self.clone();
        next.pending.retain(|email| email.kind.name() != kind);
        next
    }

    /// When the first email is due.
    pub fn due(&self) -> Option<Time> {
        self.pending.iter().map(|email| email.due).min()
    }

    /// When the last email failed for good.
    pub fn failed_at(&self) -> Option<Time> {
        self.failed.last().map(|email| email.at)
    }

    /// Leases the first email that is due, so that no other process sends it meanwhile. Returns `None` if none is due.
    pub fn lease(&self, until: Time, now: Time) -> Option<(Self, PendingEmail)> {
        let mut next = self.clone();
        let first = next.pending.iter_mut().filter(|email| email.due <= now).min_by_key(|email| email.due)?;
        first.due = until;
        first.attempts += 1;
        let leased = first.clone();
        Some((next, leased))
    }

    /// The server has accepted this email. Returns `None` if the email was superseded meanwhile.
    pub fn sent(&self, id: Uuid) -> Option<Self> {
        let mut next = self.clone();
        next.pending.retain(|email| email.id != id);
        (next != *self).then_some(next)
    }

    /// An attempt at this email has failed; `retry_at` is the time of the next one. Returns `None` if the email was superseded
    /// meanwhile.
    pub fn attempt_failed(
        &self,
        id: Uuid,
        error: &SendError,
        retry_at: Time,
        now: Time,
    ) -> Option<(Self, Failure)> {
        let mut next = self.clone();
        let position = next.pending.iter().position(|email| email.id == id)?;
        let reason = match error {
            SendError::Temporary(_) if next.pending[position].attempts < Self::MAX_ATTEMPTS => {
                next.pending[position].due = retry_at;
                return Some((next, Failure::Retried));
            }
            SendError::Temporary(reason) | SendError::Permanent(reason) => reason.clone(),
        };
        let PendingEmail { id, kind, attempts, .. } = next.pending.remove(position);
        if next.failed.len() == Self::MAX_FAILED {
            next.failed.remove(0);
        }
        next.failed.push(FailedEmail { id, kind: kind.name().to_owned(), at: now, attempts, reason });
        Some((next, Failure::ForGood))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn at(millis: i64) -> Time {
        Time::from_millis(millis)
    }

    fn email(number: u128, kind: Kind) -> PendingEmail {
        PendingEmail {
            id: Uuid::from_u128(number),
            kind,
            to: "ann@example.com".into(),
            message_id: format!("{number}@tickets.example"),
            created_at: at(0),
            attempts: 0,
            due: at(0),
        }
    }

    fn verification(number: u128) -> PendingEmail {
        email(number, Kind::VerifyAddress { token: Secret::new(format!("token{number}")) })
    }

    fn temporary() -> SendError {
        SendError::Temporary("the mail server replied 451".into())
    }

    #[test]
    fn a_newer_email_supersedes_a_pending_one_of_its_kind() {
        let notice = email(3, Kind::PasswordChanged { at: at(0) });
        let emails = PendingEmails::default().with(verification(1)).with(notice).with(verification(2));
        let ids: Vec<_> = emails.pending().iter().map(|email| email.id.as_u128()).collect();
        assert_eq!(ids, [3, 2]);
        assert_eq!(emails.sent(Uuid::from_u128(1)), None);
        assert_eq!(emails.attempt_failed(Uuid::from_u128(1), &temporary(), at(9), at(5)), None);
    }

    #[test]
    fn a_leased_email_is_due_again_when_its_lease_ends() {
        let emails = PendingEmails::default().with(verification(1));
        let (leased, email) = emails.lease(at(60), at(5)).expect("due");
        assert_eq!((email.attempts, leased.due()), (1, Some(at(60))));
        assert_eq!(leased.lease(at(99), at(59)), None);
        let (_, again) = leased.lease(at(120), at(60)).expect("due");
        assert_eq!((again.attempts, again.message_id), (2, email.message_id));
    }

    #[test]
    fn a_temporary_failure_is_retried_until_the_last_attempt() {
        let mut emails = PendingEmails::default().with(verification(1));
        for attempt in 1..=PendingEmails::MAX_ATTEMPTS {
            let now = at(i64::from(attempt) * 10);
            let (leased, email) = emails.lease(now, now).expect("due");
            let (next, failure) = leased
                .attempt_failed(email.id, &temporary(), now.after(std::time::Duration::from_millis(1)), now)
                .expect("pending");
            let is_last = attempt == PendingEmails::MAX_ATTEMPTS;
            assert_eq!(failure, if is_last { Failure::ForGood } else { Failure::Retried }, "{attempt}");
            emails = next;
        }
        assert_eq!((emails.due(), emails.failed().len()), (None, 1));
        assert_eq!(emails.failed()[0].attempts, PendingEmails::MAX_ATTEMPTS);
    }

    #[test]
    fn a_failure_for_good_is_kept_without_the_address_and_the_token() {
        let emails = PendingEmails::default().with(verification(1));
        let refused = SendError::Permanent("the mail server replied 550".into());
        let (next, failure) =
            emails.attempt_failed(Uuid::from_u128(1), &refused, at(9), at(5)).expect("pending");
        assert_eq!((failure, next.due(), next.failed_at()), (Failure::ForGood, None, Some(at(5))));
        let stored = serde_json::to_string(&next).expect("JSON");
        assert!(!stored.contains("ann@") && !stored.contains("token1"), "{stored}");
    }

    #[test]
    fn the_number_of_kept_failures_is_bounded() {
        let mut emails = PendingEmails::default();
        for number in 0..10 {
            let refused = SendError::Permanent("the mail server replied 550".into());
            emails = emails.with(verification(number));
            emails =
                emails.attempt_failed(Uuid::from_u128(number), &refused, at(9), at(5)).expect("pending").0;
        }
        assert_eq!(emails.failed().len(), PendingEmails::MAX_FAILED);
        assert_eq!(emails.failed()[3].id, Uuid::from_u128(9));
    }

    #[test]
    fn an_email_is_kept_whole_and_not_shown_in_debug_output() {
        let emails = PendingEmails::default().with(verification(1));
        let json = serde_json::to_string(&emails).expect("JSON");
        assert_eq!(serde_json::from_str::<PendingEmails>(&json).expect("emails"), emails);
        let shown = format!("{emails:?}");
        assert!(!shown.contains("ann@") && !shown.contains("token1"), "{shown}");
    }
}
