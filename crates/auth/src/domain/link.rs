//! The links of emails: verification and change of the address, and reset of the password.

use std::time::Duration;

use common::{Decision, Time};
use mail::PendingEmail;
use serde::{Deserialize, Serialize};

use super::user::{CONFIRM_ADDRESS, PASSWORD_RESET};
use super::{Email, PasswordHash, TooManyEmails, User};

/// The SHA-256 of a link's token. The token itself is stored only in the email until that is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(String);

impl TokenHash {
    /// A hash as text.
    pub fn new(text: String) -> Self {
        Self(text)
    }
}

/// A link that was sent and not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The hash of the token.
    pub hash: TokenHash,
    /// When the link expires.
    pub expires_at: Time,
}

/// A change of the address that the new address has not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailChange {
    /// The new address.
    pub email: Email,
    /// The link that confirms it.
    pub link: Link,
}

/// The refusal of a token that was used, superseded, is too old, or was never issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenInvalid;

/// The refusal of a request for an email.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailRefusal {
    /// The address is verified.
    AlreadyVerified,
    /// The user has requested too many emails.
    TooMany(TooManyEmails),
}

impl From<TooManyEmails> for EmailRefusal {
    fn from(refusal: TooManyEmails) -> Self {
        Self::TooMany(refusal)
    }
}

impl Link {
    /// How long a link verifies an address: people read their mail once a day.
    pub const VERIFICATION_TIMEOUT: Duration = Duration::from_hours(24);
    /// How long a link sets a password: who holds it holds the account.
    pub const RESET_TIMEOUT: Duration = Duration::from_mins(30);

    /// A link that verifies or confirms an address.
    pub fn verification(hash: TokenHash, now: Time) -> Self {
        Self { hash, expires_at: now.after(Self::VERIFICATION_TIMEOUT) }
    }

    /// A link that sets a password.
    pub fn reset(hash: TokenHash, now: Time) -> Self {
        Self { hash, expires_at: now.after(Self::RESET_TIMEOUT) }
    }

    fn accepts(&self, hash: &TokenHash, now: Time) -> bool {
        self.hash == *hash && now < self.expires_at
    }
}

impl User {
    /// Sends the verification email again; the former link is superseded.
    ///
    /// # Errors
    /// The address is verified, or the user has requested `max` emails within an hour.
    pub fn request_verification(
        &self,
        (link, sent): (Link, PendingEmail),
        max: u32,
        now: Time,
    ) -> Result<Decision<Self>, EmailRefusal> {
        if self.is_verified() {
            return Err(EmailRefusal::AlreadyVerified);
        }
        Ok(Decision::without_event(Self {
            verification: Some(link),
            emails: self.emails.with(sent),
            email_requests: self.email_requests.with(max, now)?,
            ..self.next(now)
        }))
    }

    /// Requests a change of the address. Nothing changes before the new address is confirmed.
    ///
    /// # Errors
    /// The user has requested `max` emails within an hour.
    pub fn request_email_change(
        &self,
        change: EmailChange,
        [confirmation, notice]: [PendingEmail; 2],
        max: u32,
        now: Time,
    ) -> Result<Decision<Self>, TooManyEmails> {
        Ok(Decision::without_event(Self {
            email_change: Some(change),
            emails: self.emails.with(confirmation).with(notice),
            email_requests: self.email_requests.with(max, now)?,
            ..self.next(now)
        }))
    }

    /// Sends a link that sets a password; the former link is superseded.
    ///
    /// # Errors
    /// The user has requested `max` emails within an hour.
    pub fn request_password_reset(
        &self,
        (link, sent): (Link, PendingEmail),
        max: u32,
        now: Time,
    ) -> Result<Decision<Self>, TooManyEmails> {
        Ok(Decision::without_event(Self {
            password_reset: Some(link),
            emails: self.emails.with(sent),
            email_requests: self.email_requests.with(max, now)?,
            ..self.next(now)
        }))
    }

    /// Uses a link that verifies the address, or confirms a new one.
    ///
    /// # Errors
    /// The token belongs to no valid link.
    pub fn verify(&self, hash: &TokenHash, now: Time) -> Result<Decision<Self>, TokenInvalid> {
        if self.verification.as_ref().is_some_and(|link| link.accepts(hash, now)) {
            let verified = Self {
                verified_at: Some(now),
                verification: None,
                emails: self.emails.without("verify-address"),
                ..self.next(now)
            };
            return Ok(verified.published());
        }
        let change = self.email_change.as_ref().filter(|change| change.link.accepts(hash, now));
        let change = change.ok_or(TokenInvalid)?;
        // Links to the former address are void.
        let changed = Self {
            email: change.email.clone(),
            verified_at: Some(now),
            verification: None,
            email_change: None,
            password_reset: None,
            emails: self.emails.without("verify-address").without(CONFIRM_ADDRESS).without(PASSWORD_RESET),
            ..self.next(now)
        };
        Ok(changed.published())
    }

    /// Whether this token sets a password now.
    ///
    /// # Errors
    /// The token belongs to no valid link.
    pub fn check_password_reset(&self, hash: &TokenHash, now: Time) -> Result<(), TokenInvalid> {
        let is_valid = self.password_reset.as_ref().is_some_and(|link| link.accepts(hash, now));
        if is_valid { Ok(()) } else { Err(TokenInvalid) }
    }

    /// Uses a link that sets a password. Who uses it receives the emails of the address, so the address is verified.
    ///
    /// # Errors
    /// The token belongs to no valid link.
    pub fn reset_password(
        &self,
        hash: &TokenHash,
        password: PasswordHash,
        notice: PendingEmail,
        now: Time,
    ) -> Result<Decision<Self>, TokenInvalid> {
        self.check_password_reset(hash, now)?;
        let changed = self.change_password(password, None, notice, now);
        if self.is_verified() {
            return Ok(changed);
        }
        let emails = changed.next.emails.without("verify-address");
        Ok(Self { verified_at: Some(now), verification: None, emails, ..changed.next }.published())
    }
}

#[cfg(test)]
mod tests {
    use common::Event;
    use mail::Kind;

    use super::*;
    use crate::domain::tests::{email, hash, link, start, token, user};

    const MAX: u32 = 5;

    fn later(delay: Duration) -> Time {
        start().after(delay)
    }

    fn verification(number: u8, now: Time) -> (Link, PendingEmail) {
        (Link::verification(hash(number), now), email(Kind::VerifyAddress { token: token() }))
    }

    fn reset(number: u8, now: Time) -> (Link, PendingEmail) {
        (Link::reset(hash(number), now), email(Kind::PasswordReset { token: token() }))
    }

    fn changing() -> User {
        let change =
            EmailChange { email: Email::parse("new@example.com").expect("an address"), link: link(2) };
        let emails = [
            email(Kind::ConfirmAddress { token: token() }),
            email(Kind::AddressChanged { new: "new@example.com".into() }),
        ];
        user().request_email_change(change, emails, MAX, start()).expect("few emails").next
    }

    fn set() -> (PasswordHash, PendingEmail) {
        (PasswordHash::new("$argon2id$v=19$other".into()), email(Kind::PasswordChanged { at: start() }))
    }

    /// The published address, and whether it is verified.
    fn published(decision: &Decision<User>) -> Option<(&str, bool, u64)> {
        match decision.events.as_slice() {
            [Event::AccountChanged(account)] => Some((&account.email, account.verified, account.version)),
            _ => None,
        }
    }

    #[test]
    fn other_services_learn_of_each_change_of_address_or_verification_and_of_nothing_else() {
        let (password, notice) = set();
        let user = user();
        let verified = user.verify(&hash(1), start()).expect("valid");
        assert_eq!(published(&verified), Some(("ann@example.com", true, 2)));
        let changed = changing().verify(&hash(2), start()).expect("valid");
        assert_eq!(published(&changed), Some(("new@example.com", true, 3)));
        assert_eq!(published(&user.change_password(password.clone(), None, notice.clone(), start())), None);
        for (user, expected) in [(user, Some(("ann@example.com", true, 3))), (verified.next, None)] {
            let reset = user.request_password_reset(reset(3, start()), MAX, start()).expect("few").next;
            let decided = reset.reset_password(&hash(3), password.clone(), notice.clone(), start());
            assert_eq!(published(&decided.expect("valid")), expected);
        }
    }

    fn kinds(user: &User) -> Vec<&'static str> {
        user.emails.pending().iter().map(|email| email.kind.name()).collect()
    }

    #[test]
    fn a_link_verifies_once_and_for_a_day() {
        let user = user();
        let day = Link::VERIFICATION_TIMEOUT;
        assert_eq!(user.verify(&hash(1), later(day)).err(), Some(TokenInvalid));
        assert_eq!(user.verify(&hash(9), start()).err(), Some(TokenInvalid));
        let last = later(day).before(Duration::from_millis(1));
        let verified = user.verify(&hash(1), last).expect("valid").next;
        assert_eq!((verified.verified_at, kinds(&verified)), (Some(last), vec![]));
        assert_eq!(verified.verify(&hash(1), last).err(), Some(TokenInvalid));
    }

    #[test]
    fn a_further_verification_email_supersedes_the_former_link() {
        let again = user().request_verification(verification(2, start()), MAX, start()).expect("few").next;
        assert_eq!(kinds(&again), ["verify-address"]);
        assert_eq!(again.verify(&hash(1), start()).err(), Some(TokenInvalid));
        let verified = again.verify(&hash(2), start()).expect("valid").next;
        let refused = verified.request_verification(verification(3, start()), MAX, start());
        assert_eq!(refused.err(), Some(EmailRefusal::AlreadyVerified));
    }

    #[test]
    fn a_change_of_address_waits_for_its_confirmation_and_voids_other_links() {
        let changing = changing();
        assert_eq!((changing.email.as_str(), changing.is_verified()), ("ann@example.com", false));
        let both = changing.request_password_reset(reset(3, start()), MAX, start()).expect("few").next;
        let changed = both.verify(&hash(2), start()).expect("valid").next;
        assert_eq!((changed.email.as_str(), changed.is_verified()), ("new@example.com", true));
        assert_eq!(changed.verify(&hash(1), start()).err(), Some(TokenInvalid));
        assert_eq!(changed.check_password_reset(&hash(3), start()), Err(TokenInvalid));
        assert_eq!(kinds(&changed), ["address-changed"]);
    }

    #[test]
    fn a_verification_leaves_a_requested_change() {
        let verified = changing().verify(&hash(1), start()).expect("valid").next;
        assert_eq!(verified.email.as_str(), "ann@example.com");
        assert!(verified.verify(&hash(2), start()).is_ok());
    }

    #[test]
    fn a_reset_link_works_once_for_half_an_hour_and_verifies_the_address() {
        let user = user().request_password_reset(reset(3, start()), MAX, start()).expect("few").next;
        let reset = |user: &User, number, now| {
            let (password, notice) = set();
            user.reset_password(&hash(number), password, notice, now)
        };
        assert_eq!(reset(&user, 3, later(Link::RESET_TIMEOUT)).err(), Some(TokenInvalid));
        assert_eq!(reset(&user, 1, start()).err(), Some(TokenInvalid));
        let after = reset(&user, 3, start()).expect("valid").next;
        assert_eq!((&after.password, after.is_verified()), (&set().0, true));
        assert_eq!(kinds(&after), ["password-changed"]);
        assert_eq!(reset(&after, 3, start()).err(), Some(TokenInvalid));
    }

    #[test]
    fn a_newer_link_and_a_change_of_the_password_void_a_reset_link() {
        let user = user().request_password_reset(reset(3, start()), MAX, start()).expect("few").next;
        let newer = user.request_password_reset(reset(4, start()), MAX, start()).expect("few").next;
        assert_eq!(newer.check_password_reset(&hash(3), start()), Err(TokenInvalid));
        assert_eq!(newer.check_password_reset(&hash(4), start()), Ok(()));
        let (password, notice) = set();
        let changed = newer.change_password(password, None, notice, start()).next;
        assert_eq!(changed.check_password_reset(&hash(4), start()), Err(TokenInvalid));
        assert!(!kinds(&changed).contains(&"password-reset"));
    }

    #[test]
    fn all_requests_for_emails_count_together() {
        let mut user = changing();
        for number in 0..2 {
            user = user.request_verification(verification(number, start()), MAX, start()).expect("few").next;
            user = user.request_password_reset(reset(number, start()), MAX, start()).expect("few").next;
        }
        let too_many = TooManyEmails(Duration::from_hours(1));
        assert_eq!(user.request_password_reset(reset(9, start()), MAX, start()).err(), Some(too_many));
        let refused = user.request_verification(verification(9, start()), MAX, start());
        assert_eq!(refused.err(), Some(EmailRefusal::TooMany(too_many)));
        assert!(user.request_password_reset(reset(9, start()), 0, start()).is_ok());
    }
}
