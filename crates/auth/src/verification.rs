//! The verification of addresses, and their change.

use std::net::IpAddr;

use common::UserId;
use common::http::CurrentUser;
use mail::{Kind, PendingEmail};
use metrics::counter;
use store::{CommitError, StoreError, UpdateError};

use crate::Accounts;
use crate::accounts::SignInError;
use crate::domain::{Email, EmailChange, EmailRefusal, Link, TokenInvalid, TooManyEmails, User, What};
use crate::password::TypedPassword;
use crate::secret_token::LinkToken;
use crate::storage::{EMAIL, email_key};
use crate::throttle::{Origin, Throttled};

/// The number of requests for emails beyond the limit.
const REFUSED: &str = "email_requests_refused_total";

/// The reason why an email was not sent, or its link not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("the address is verified already")]
    AlreadyVerified,
    #[error("too many emails were requested")]
    TooMany(TooManyEmails),
    #[error("the token is not valid")]
    TokenInvalid,
    #[error("the email address has an account")]
    EmailTaken,
    #[error(transparent)]
    SignIn(#[from] SignInError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StoreError> for LinkError {
    fn from(error: StoreError) -> Self {
        Self::Commit(error.into())
    }
}

impl From<TooManyEmails> for LinkError {
    fn from(refusal: TooManyEmails) -> Self {
        counter!(REFUSED).increment(1);
        Self::TooMany(refusal)
    }
}

impl From<Throttled> for LinkError {
    fn from(Throttled(delay): Throttled) -> Self {
        TooManyEmails(delay).into()
    }
}

impl From<EmailRefusal> for LinkError {
    fn from(refusal: EmailRefusal) -> Self {
        match refusal {
            EmailRefusal::AlreadyVerified => Self::AlreadyVerified,
            EmailRefusal::TooMany(refusal) => refusal.into(),
        }
    }
}

impl From<TokenInvalid> for LinkError {
    fn from(_: TokenInvalid) -> Self {
        Self::TokenInvalid
    }
}

impl<E: Into<LinkError>> From<UpdateError<E>> for LinkError {
    fn from(error: UpdateError<E>) -> Self {
        match error {
            UpdateError::Refused(refusal) => refusal.into(),
            UpdateError::DuplicateKey(EMAIL) => Self::EmailTaken,
            UpdateError::DuplicateKey(name) => Self::Commit(CommitError::DuplicateKey(name)),
            UpdateError::Store(error) => error.into(),
        }
    }
}

/// Registers the metric, so that an alert sees its first increment.
pub(crate) fn register() {
    counter!(REFUSED).increment(0);
}

impl Accounts {
    /// An email of this kind, to be sent now.
    pub(crate) fn email(&self, kind: Kind, to: &Email) -> PendingEmail {
        self.mail.email(kind, to.as_str(), &self.ids, self.now())
    }

    /// A link that verifies an address, and the email with it.
    pub(crate) fn verification(&self, user: UserId, to: &Email) -> (Link, PendingEmail) {
        let token = LinkToken::generate(user, &self.ids);
        let email = self.email(Kind::VerifyAddress { token: token.to_secret() }, to);
        (Link::verification(token.hash(), self.now()), email)
    }

    /// Sends the verification email of the caller again.
    pub(crate) async fn send_verification(&self, user: &CurrentUser, from: IpAddr) -> Result<(), LinkError> {
        let user = self.user(user.id).await?;
        if user.is_verified() {
            return Err(LinkError::AlreadyVerified);
        }
        let now = self.now();
        self.throttle.request_email(from, now).await?;
        let decide = |user: Option<&User>| {
            let user = user.ok_or(SignInError::NoAccount)?;
            let sent = self.verification(user.id, &user.email);
            Ok::<_, LinkError>(Some(user.request_verification(sent, self.max_emails, now)?))
        };
        self.store.update(user.id, decide).await?;
        self.email_wake.time_stored(now);
        Ok(())
    }

    /// Uses a link that verifies an address, or confirms a new one.
    pub(crate) async fn verify(&self, token: &str, from: &Origin) -> Result<(), LinkError> {
        let token = LinkToken::parse(token).ok_or(LinkError::TokenInvalid)?;
        let (hash, now) = (token.hash(), self.now());
        let decide = |user: Option<&User>| {
            let user = user.ok_or(TokenInvalid)?;
            user.verify(&hash, now).map(Some)
        };
        self.store.update(token.id, decide).await?;
        self.record(token.id, What::AddressVerified, from).await;
        Ok(())
    }

    /// Requests a change of the caller's address, which the new address confirms.
    pub(crate) async fn request_email_change(
        &self,
        caller: &CurrentUser,
        new: Email,
        password: TypedPassword,
        from: &Origin,
    ) -> Result<(), LinkError> {
        let user = self.authenticate(caller, password, from).await?;
        // Counted before the address is looked up, so that few addresses can be tried.
        let now = self.now();
        self.throttle.request_email(from.address, now).await?;
        if self.store.get_by_unique_key(email_key(&new)).await?.is_some() {
            return Err(LinkError::EmailTaken);
        }
        let decide = |user: Option<&User>| {
            let user = user.ok_or(SignInError::NoAccount)?;
            let token = LinkToken::generate(user.id, &self.ids);
            let emails = [
                self.email(Kind::ConfirmAddress { token: token.to_secret() }, &new),
                self.email(Kind::AddressChanged { new: new.as_str().to_owned() }, &user.email),
            ];
            let link = Link::verification(token.hash(), now);
            let change = EmailChange { email: new.clone(), link };
            Ok::<_, LinkError>(Some(user.request_email_change(change, emails, self.max_emails, now)?))
        };
        self.store.update(user.id, decide).await?;
        self.email_wake.time_stored(now);
        self.record(user.id, What::AddressChangeRequested, from).await;
        Ok(())
    }
}
