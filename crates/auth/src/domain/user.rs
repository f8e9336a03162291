//! A user, and the hash of the password.

use std::fmt;

use common::event::AccountSnapshot;
use common::{Decision, Event, SessionId, Time, UserId};
use mail::{PendingEmail, PendingEmails};
use serde::{Deserialize, Serialize};

use super::{Authenticator, Email, EmailChange, EmailRequests, Link, SealedSeed, Session};

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
    /// The number of changes of the password or of the second factor.
    #[serde(default, skip_serializing_if = "common::is_zero")]
    pub credentials: u32,
    /// The sessions that the last change of the password has ended, whether or not they are revoked yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_end: Option<SessionsEnd>,
    /// The authenticator app that sign-ins require.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator: Option<Authenticator>,
    /// The seed of an authenticator app that is not confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_authenticator: Option<SealedSeed>,
    /// When the user proved that the address is theirs. Users of former releases never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Time>,
    /// The link that verifies the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Link>,
    /// The requested change of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_change: Option<EmailChange>,
    /// The link that sets a new password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_reset: Option<Link>,
    /// The emails that are to be sent.
    #[serde(default, skip_serializing_if = "PendingEmails::is_empty")]
    pub emails: PendingEmails,
    /// The user's requests for emails.
    #[serde(default, skip_serializing_if = "EmailRequests::is_empty")]
    pub email_requests: EmailRequests,
    /// Whether `account.changed` was ever published. Users of former releases are announced by a worker.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub announced: bool,
    /// When the user signed up.
    pub created_at: Time,
    /// When the user last changed.
    pub updated_at: Time,
}

/// The end of all sessions but one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionsEnd {
    /// Sessions that started before end.
    pub at: Time,
    /// The session that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub except: Option<SessionId>,
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

/// The name of the kind of email whose link a change of the password voids.
pub(super) const PASSWORD_RESET: &str = "password-reset";
/// The name of the kind of email whose link confirms a new address.
pub(super) const CONFIRM_ADDRESS: &str = "confirm-address";

impl User {
    /// Creates an account. The email contains the link that verifies the address.
    pub fn sign_up(
        id: UserId,
        email: Email,
        password: PasswordHash,
        (verification, sent): (Link, PendingEmail),
        now: Time,
    ) -> Decision<Self> {
        let user = Self {
            id,
            version: 1,
            email,
            password,
            credentials: 0,
            sessions_end: None,
            authenticator: None,
            new_authenticator: None,
            verified_at: None,
            verification: Some(verification),
            email_change: None,
            password_reset: None,
            emails: PendingEmails::default().with(sent),
            email_requests: EmailRequests::default(),
            announced: true,
            created_at: now,
            updated_at: now,
        };
        user.published()
    }

    /// From now on this is the password, of which `notice` informs the user. A link that sets a password is void, and so is
    /// a requested change of the address: who knew the former password may have requested it. Every session but `current` ends.
    pub fn change_password(
        &self,
        password: PasswordHash,
        current: Option<SessionId>,
        notice: PendingEmail,
        now: Time,
    ) -> Decision<Self> {
        Decision::without_event(Self {
            password,
            sessions_end: Some(SessionsEnd { at: now, except: current }),
            credentials: self.credentials + 1,
            password_reset: None,
            email_change: None,
            emails: self.emails.without(PASSWORD_RESET).without(CONFIRM_ADDRESS).with(notice),
            ..self.next(now)
        })
    }

    /// Sends an email to the user.
    pub fn with_email(&self, email: PendingEmail) -> Decision<Self> {
        self.with_emails(self.emails.with(email))
    }

    /// The emails after an attempt to send one.
    pub fn with_emails(&self, emails: PendingEmails) -> Decision<Self> {
        Decision::without_event(Self { version: self.version + 1, emails, ..self.clone() })
    }

    /// When the account is to be announced. Returns `None` if it was.
    pub fn announce_at(&self) -> Option<Time> {
        (!self.announced).then_some(self.created_at)
    }

    /// Publishes the account of a former release, which no other service knows. Returns `None` if it was published before.
    pub fn announce(&self) -> Option<Decision<Self>> {
        self.announce_at()?;
        Some(Self { version: self.version + 1, ..self.clone() }.published())
    }

    /// The same state at a raised version, published, because other services may know a later one.
    pub fn raise(&self, version: u64) -> Decision<Self> {
        Self { version, ..self.clone() }.published()
    }

    /// The event of the present state.
    pub fn event(&self) -> Event {
        Event::AccountChanged(AccountSnapshot {
            user_id: self.id,
            email: self.email.as_str().to_owned(),
            verified: self.is_verified(),
            locale: None,
            version: self.version,
        })
    }

    /// This state with its event.
    pub(super) fn published(self) -> Decision<Self> {
        let next = Self { announced: true, ..self };
        let event = next.event();
        Decision::with_event(next, event)
    }

    /// Whether a change of the password has ended this session.
    pub fn has_ended(&self, session: &Session) -> bool {
        let ends = |end: &SessionsEnd| session.created_at < end.at && end.except != Some(session.id);
        self.sessions_end.as_ref().is_some_and(ends)
    }

    /// Whether the user has proved that the address is theirs.
    pub fn is_verified(&self) -> bool {
        self.verified_at.is_some()
    }

    /// This state at the next version.
    pub(super) fn next(&self, now: Time) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use mail::Kind;

    use super::*;
    use crate::domain::tests::{email, link, user};

    #[test]
    fn an_account_is_kept_whole() {
        let json = serde_json::to_string(&user()).expect("JSON");
        assert_eq!(serde_json::from_str::<User>(&json).expect("a user"), user());
    }

    #[test]
    fn a_new_password_takes_the_place_of_the_old_one_and_changes_nothing_else() {
        let (user, now) = (user(), Time::from_millis(9));
        let hash = PasswordHash::new("$argon2id$v=19$other".into());
        let notice = email(Kind::PasswordChanged { at: now });
        let Decision { next, events } = user.change_password(hash.clone(), None, notice.clone(), now);
        let (emails, sessions_end) = (user.emails.with(notice), Some(SessionsEnd { at: now, except: None }));
        assert_eq!(
            next,
            User {
                version: 2,
                password: hash,
                credentials: 1,
                sessions_end,
                emails,
                updated_at: now,
                ..user
            }
        );
        assert!(events.is_empty());
    }

    #[test]
    fn a_user_of_a_former_release_is_not_verified() {
        let stored = r#"{"id":"00000000-0000-0000-0000-000000000000","version":3,"email":"ann@example.com","password":"$argon2id$v=19$secret","createdAt":"2026-11-22T10:00:00.000Z","updatedAt":"2026-11-22T10:00:00.000Z"}"#;
        let user: User = serde_json::from_str(stored).expect("a user");
        assert!(!user.is_verified() && user.emails.is_empty());
        assert_eq!(user.announce_at(), Some(user.created_at));
        assert_eq!(serde_json::to_string(&user).expect("JSON"), stored);
    }

    #[test]
    fn an_account_of_a_former_release_is_announced_once() {
        let former = User { announced: false, version: 3, ..user() };
        let Decision { next, events } = former.announce().expect("not announced");
        assert_eq!(next, User { announced: true, version: 4, ..former });
        assert_eq!(events, [next.event()]);
        assert_eq!((next.announce_at(), next.announce()), (None, None));
    }

    #[test]
    fn neither_address_nor_hash_is_shown_in_debug_output() {
        let shown = format!("{:?}", User { password_reset: Some(link(7)), ..user() });
        assert!(
            !shown.contains("ann@") && !shown.contains("argon2id") && shown.contains("PasswordHash(…)"),
            "{shown}"
        );
    }
}
