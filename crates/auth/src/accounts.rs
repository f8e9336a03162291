//! What the routes stand on: people, their passwords and their sessions.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use common::http::session::Claims;
use common::{Ids, SessionId, SharedClock, UserId};
use store::{ChangeError, Collection, CommitError, StoreError};

use crate::documents::{EMAIL, email_claim};
use crate::domain::{Email, EmailFault, Ended, Session, User};
use crate::keys::{KeyError, Keyring};
use crate::password::{HashError, Hashing, Password, PasswordFault, TypedPassword};
use crate::throttle::{Attempt, Throttle, Wait};

/// People, their passwords and their sessions. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    pub(crate) users: Collection<User>,
    pub(crate) sessions: Collection<Session>,
    pub(crate) keyring: Keyring,
    pub(crate) hashing: Hashing,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) clock: SharedClock,
    pub(crate) ids: Ids,
}

/// An account could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignUpError {
    #[error("the address has an account")]
    EmailTaken,
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Commit(CommitError),
}

/// Somebody could not be let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    #[error("too many sign-ins have failed")]
    Wait(Duration),
    #[error("the address or the password is wrong")]
    InvalidCredentials,
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Wait> for SignInError {
    fn from(Wait(wait): Wait) -> Self {
        Self::Wait(wait)
    }
}

/// An account could not be made sure of.
#[derive(Debug, thiserror::Error)]
pub enum EnsureError {
    /// The address breaks a rule.
    #[error("the address {0}")]
    Email(#[from] EmailFault),
    /// The password breaks a rule.
    #[error("the password {0}")]
    Password(#[from] PasswordFault),
    /// The database or the hashing failed.
    #[error("the account could not be opened")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Accounts {
    /// Opens an account for this address, by the same rules as everybody's, unless it has one.
    ///
    /// # Errors
    /// [`EnsureError`] names the rule that is broken, or what failed.
    pub async fn ensure(&self, email: &str, password: &str) -> Result<(), EnsureError> {
        let email = Email::parse(email)?;
        let password = self.hashing.choose(TypedPassword::new(password), Some(email.clone())).await;
        let password = password.map_err(|error| EnsureError::Failed(error.into()))??;
        match self.sign_up(email, password).await {
            Ok(_) | Err(SignUpError::EmailTaken) => Ok(()),
            Err(error) => Err(EnsureError::Failed(error.into())),
        }
    }

    /// Opens an account. Of several for one address the claim lets one win.
    pub(crate) async fn sign_up(&self, email: Email, password: Password) -> Result<User, SignUpError> {
        let hash = self.hashing.hash(password, self.ids.bytes()).await?;
        let user = User::sign_up(self.ids.next(), email, hash, self.clock.now());
        self.users.commit(user).await.map_err(|error| match error {
            CommitError::Taken(EMAIL) => SignUpError::EmailTaken,
            error => SignUpError::Commit(error),
        })
    }

    /// Whose address and password these are. It takes as long if nobody has that address.
    pub(crate) async fn sign_in(
        &self,
        email: &Email,
        password: TypedPassword,
        from: IpAddr,
    ) -> Result<User, SignInError> {
        let attempt = Attempt::new(email, from);
        self.throttle.admit(&attempt, self.clock.now())?;
        let user = self.users.claimed(email_claim(email)).await?;
        let hash = user.as_ref().map_or_else(|| self.hashing.decoy(), |user| user.password.clone());
        let seat = self.hashing.seat().await?;
        // Again: while this one waited for a seat, others may have failed.
        self.throttle.admit(&attempt, self.clock.now())?;
        let (right, _seat) = seat.verify(password, hash).await?;
        let Some(user) = user.filter(|_| right) else {
            self.throttle.failed(attempt, self.clock.now());
            return Err(SignInError::InvalidCredentials);
        };
        self.throttle.succeeded(&attempt);
        Ok(user)
    }

    /// Starts a session on a device that calls itself `user_agent`.
    pub(crate) async fn open_session(
        &self,
        user: UserId,
        user_agent: Option<&str>,
    ) -> Result<Session, CommitError> {
        let session = Session::open(self.ids.next(), user, user_agent, self.clock.now());
        self.sessions.commit(session).await
    }

    /// The session of a device that asks who it is.
    ///
    /// # Errors
    /// [`Ended`] if it is over, or was so long ago that it is forgotten.
    pub(crate) async fn seen(&self, id: SessionId) -> Result<Session, ChangeError<Ended>> {
        let now = self.clock.now();
        let seen =
            self.sessions.change(id, |session| session.map_or(Err(Ended), |session| session.seen(now)));
        seen.await?.ok_or(ChangeError::Refused(Ended))
    }

    /// Ends a session and announces it. `None`: it is forgotten already.
    pub(crate) async fn revoke(&self, id: SessionId) -> Result<Option<Session>, ChangeError<Ended>> {
        let now = self.clock.now();
        self.sessions.change(id, |session| Ok(session.and_then(|session| session.revoke(now)))).await
    }

    /// A token for a session, as good as when the device was last seen.
    pub(crate) fn token(&self, session: &Session, email: &str) -> Result<String, KeyError> {
        self.keyring.sign(&Claims {
            sub: session.user_id,
            email: email.to_owned(),
            sid: session.id,
            iat: session.last_seen_at.as_millis().div_euclid(1000),
            exp: session.tokens_expire_at.as_millis().div_euclid(1000),
        })
    }
}
