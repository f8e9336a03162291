//! What the routes stand on: people, their passwords and their sessions.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use common::http::token::Claims;
use common::http::{CurrentUser, HttpContext};
use common::{Ids, SessionId, SharedClock, UserId};
use store::{Collection, CommitError, Range, StoreError, UpdateError};

use crate::documents::{BY_USER, EMAIL, email_key};
use crate::domain::{Email, EmailFault, Ended, Session, User};
use crate::keys::{KeyError, Keyring};
use crate::password::{HashError, Hashing, Password, PasswordFault, TypedPassword};
use crate::throttle::{Attempt, Throttle, Wait};

/// How many sessions somebody is shown: more devices than anybody can tell apart.
const MOST_SESSIONS_SHOWN: usize = 100;

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
    #[error(transparent)]
    Commit(#[from] CommitError),
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
            CommitError::DuplicateKey(EMAIL) => SignUpError::EmailTaken,
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
        let user = self.users.get_by_unique_key(email_key(email)).await?;
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

    /// Starts a session on a device that calls itself `user_agent`, for somebody whose password was right.
    ///
    /// # Errors
    /// [`SignInError::InvalidCredentials`] if the password was changed meanwhile: whoever changes it ends the sessions
    /// that are there then, and this one may have come too late for that.
    pub(crate) async fn open_session(
        &self,
        user: &User,
        user_agent: Option<&str>,
    ) -> Result<Session, SignInError> {
        let session = Session::open(self.ids.next(), user.id, user_agent, self.clock.now());
        let session = self.sessions.commit(session).await?;
        if self.users.get(user.id).await?.is_some_and(|now| now.password == user.password) {
            return Ok(session);
        }
        match self.sessions.remove(&session).await {
            // Ended already with the others.
            Ok(()) | Err(CommitError::Conflict) => Err(SignInError::InvalidCredentials),
            Err(error) => Err(error.into()),
        }
    }

    /// The session of a device that asks who it is.
    ///
    /// # Errors
    /// [`Ended`] if it is over, or was so long ago that it is forgotten.
    pub(crate) async fn seen(&self, id: SessionId) -> Result<Session, UpdateError<Ended>> {
        let now = self.clock.now();
        let seen =
            self.sessions.update(id, |session| session.map_or(Err(Ended), |session| session.seen(now)));
        seen.await?.ok_or(UpdateError::Refused(Ended))
    }

    /// Ends a session and announces it. Every other process hears of it; this one need not wait for that.
    pub(crate) async fn revoke_here(
        &self,
        id: SessionId,
        context: &HttpContext,
    ) -> Result<(), UpdateError<Ended>> {
        let now = self.clock.now();
        let revoke = |session: Option<&Session>| Ok(session.and_then(|session| session.revoke(now)));
        // `None`: it is forgotten already.
        if let Some(session) = self.sessions.update(id, revoke).await? {
            context.sessions.revoke(session.id, session.tokens_expire_at, now);
        }
        Ok(())
    }

    /// Ends all sessions of a person but the one that they ask with.
    pub(crate) async fn revoke_others(
        &self,
        person: &CurrentUser,
        context: &HttpContext,
    ) -> Result<(), UpdateError<Ended>> {
        let mut place = None;
        loop {
            let page = self.sessions.page(Range::of(BY_USER, [person.id.into()]).after(place)).await?;
            for session in page.items.iter().filter(|session| session.id != person.session) {
                self.revoke_here(session.id, context).await?;
            }
            place = page.next;
            if place.is_none() {
                return Ok(());
            }
        }
    }

    /// The live sessions of a person, newest first.
    pub(crate) async fn sessions_of(&self, person: UserId) -> Result<Vec<Session>, StoreError> {
        let range = Range::of(BY_USER, [person.into()]).descending().limit(MOST_SESSIONS_SHOWN);
        let mut sessions = self.sessions.page(range).await?.items;
        let now = self.clock.now();
        sessions.retain(|session| session.is_live(now));
        Ok(sessions)
    }

    /// Gives the account of this address another password, if `current` is the one until now.
    pub(crate) async fn change_password(
        &self,
        email: &Email,
        current: TypedPassword,
        new: Password,
        from: IpAddr,
    ) -> Result<(), SignInError> {
        let user = self.sign_in(email, current, from).await?;
        let hash = self.hashing.hash(new, self.ids.bytes()).await?;
        match self.users.commit(user.change_password(hash, self.clock.now())).await {
            Ok(_) => Ok(()),
            // Somebody else was faster: what was right a moment ago is not the password any more.
            Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => Err(SignInError::InvalidCredentials),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::Config;

    const OLD: &str = "vexed quartz glyph";

    #[tokio::test]
    async fn whoever_signs_in_while_the_password_changes_is_not_let_in_with_the_old_one() {
        let (_, context) = runtime::testing::context();
        let accounts = crate::start(&context, Config::default()).await.expect("it starts").accounts;
        accounts.ensure("ann@example.com", OLD).await.expect("an account");
        let (email, here) =
            (Email::parse("ann@example.com").expect("an address"), Ipv4Addr::LOCALHOST.into());
        let old = TypedPassword::new(OLD);
        let user = accounts.sign_in(&email, old.clone(), here).await.expect("it is right");
        let new = Password::choose(TypedPassword::new("another vexed quartz"), None).expect("strong");
        accounts.change_password(&email, old, new, here).await.expect("changed");
        let late = accounts.open_session(&user, None).await;
        assert!(matches!(late, Err(SignInError::InvalidCredentials)), "{late:?}");
        assert!(accounts.sessions_of(user.id).await.expect("a list").is_empty());
    }
}
