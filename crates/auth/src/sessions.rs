//! The sessions of users: start, refresh, revocation, and their tokens.

use common::http::HttpContext;
use common::http::token::Claims;
use common::{SessionId, UserId, user_agent};
use mail::Kind;
use store::{CommitError, Range, StoreError, UpdateError};

use crate::Accounts;
use crate::accounts::SignInError;
use crate::domain::{Session, SessionEnded, User};
use crate::keys::KeyError;
use crate::security;
use crate::storage::index;

/// The largest number of sessions in a list: more devices than a user can tell apart.
const MAX_LISTED: usize = 100;

impl Accounts {
    /// Starts a session for a user who has proved who they are, on a device with this `User-Agent`.
    ///
    /// # Errors
    /// [`SignInError::InvalidCredentials`] if the credentials have changed since: a change of the password revokes the
    /// sessions that it finds, and may have missed this one.
    pub(crate) async fn start_session(
        &self,
        user: &User,
        user_agent: Option<&str>,
    ) -> Result<Session, SignInError> {
        let session = Session::start(self.ids.next(), user.id, user_agent, self.now());
        let session = self.sessions.commit(session).await?;
        if self.store.get(user.id).await?.is_some_and(|now| now.has_credentials_of(user)) {
            return Ok(session);
        }
        match self.sessions.remove(&session).await {
            // On a conflict, the change has revoked this one too.
            Ok(()) | Err(CommitError::Conflict) => Err(SignInError::InvalidCredentials),
            Err(error) => Err(error.into()),
        }
    }

    /// Refreshes the session of a device in use.
    ///
    /// # Errors
    /// [`SessionEnded`] if the session has ended or is purged.
    pub(crate) async fn refresh_session(&self, id: SessionId) -> Result<Session, UpdateError<SessionEnded>> {
        let now = self.now();
        let refresh =
            |session: Option<&Session>| session.map_or(Err(SessionEnded), |session| session.refresh(now));
        self.sessions.update(id, refresh).await?.ok_or(UpdateError::Refused(SessionEnded))
    }

    /// Revokes a session and publishes that. Returns whether it was live. This process applies the revocation at once, other
    /// processes by the event.
    pub(crate) async fn revoke_session(
        &self,
        id: SessionId,
        context: &HttpContext,
    ) -> Result<bool, CommitError> {
        let now = self.now();
        let mut ends_now = false;
        let revoke = |session: Option<&Session>| {
            let revoked = session.and_then(|session| session.revoke(now));
            ends_now = revoked.is_some();
            revoked
        };
        // `None` if the session is purged.
        if let Some(session) = self.sessions.apply(id, revoke).await? {
            if ends_now {
                security::session_revoked(session.user_id, id);
            }
            context.sessions.revoke(session.id, session.tokens_expire_at, now);
        }
        Ok(ends_now)
    }

    /// Revokes all sessions of a user except `current`.
    ///
    /// # Errors
    /// The database failed, or a session is unreadable and could live on in another release; the others are revoked.
    pub(crate) async fn revoke_sessions(
        &self,
        user: UserId,
        current: Option<SessionId>,
        context: &HttpContext,
    ) -> Result<(), CommitError> {
        let (mut cursor, mut complete) = (None, Ok(()));
        loop {
            let range = Range::of(index::BY_USER, [user.into()]);
            let page = self.sessions.page(range.after(cursor)).await?;
            for session in page.items.iter().filter(|session| Some(session.id) != current) {
                self.revoke_session(session.id, context).await?;
            }
            cursor = page.next.clone();
            complete = complete.and(page.complete().map(drop));
            if cursor.is_none() {
                return Ok(complete?);
            }
        }
    }

    /// Revokes the oldest sessions of a user above the limit.
    pub(crate) async fn end_surplus_sessions(
        &self,
        user: UserId,
        context: &HttpContext,
    ) -> Result<(), CommitError> {
        if self.max_sessions == 0 {
            return Ok(());
        }
        let live = self.sessions_of(user).await?;
        for session in live.iter().skip(self.max_sessions) {
            self.revoke_session(session.id, context).await?;
        }
        Ok(())
    }

    /// The live sessions of a user, newest first.
    pub(crate) async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let range = Range::of(index::BY_USER, [user.into()]).descending().limit(MAX_LISTED);
        let mut sessions = self.sessions.page(range).await?.items;
        let now = self.now();
        sessions.retain(|session| session.is_live(now));
        Ok(sessions)
    }

    /// Informs a user of a sign-in from a browser that has not signed in to the account before.
    pub(crate) async fn notify_of_new_browser(
        &self,
        user: &User,
        session: &Session,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let browser = session.user_agent.as_deref().map(user_agent::display_name);
        let notify = |user: Option<&User>| {
            let user = user?;
            let kind = Kind::NewBrowser { at: now, browser: browser.clone() };
            Some(user.with_email(self.email(kind, &user.email)))
        };
        match self.store.apply(user.id, notify).await {
            Ok(_) | Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => {}
            Err(CommitError::Store(error)) => return Err(error),
        }
        self.email_wake.time_stored(now);
        Ok(())
    }

    /// A token of a session, issued at its last refresh.
    pub(crate) fn token(&self, session: &Session, user: &User) -> Result<String, KeyError> {
        self.keyring.sign(&Claims {
            sub: session.user_id,
            email: user.email.as_str().to_owned(),
            sid: session.id,
            iat: session.last_seen_at.as_millis().div_euclid(1000),
            exp: session.tokens_expire_at.as_millis().div_euclid(1000),
            end: Some(session.expires_at().as_millis().div_euclid(1000)),
            verified: user.is_verified(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use mail::testing::Recorder;

    use super::*;
    use crate::domain::Email;
    use crate::password::{Password, TypedPassword};
    use crate::{Config, MasterKey};

    const OLD: &str = "vexed quartz glyph";

    #[tokio::test]
    async fn a_sign_in_during_a_password_change_is_refused_with_the_old_password() {
        let (_, context) = runtime::testing::context();
        let (config, key) = (Config::default(), MasterKey::from_bytes([1; 32]));
        let accounts = Accounts::new(&context, &config, key, Recorder::new().context()).await;
        let accounts = accounts.expect("it starts");
        let (email, here) =
            (Email::parse("ann@example.com").expect("an address"), IpAddr::from(Ipv4Addr::LOCALHOST));
        let password = Password::choose(TypedPassword::new(OLD), None).expect("strong");
        accounts.sign_up(email.clone(), password, &here.into()).await.expect("an account");
        let old = TypedPassword::new(OLD);
        let user = accounts.sign_in(&email, old, &here.into()).await.expect("it is right");
        let new = Password::choose(TypedPassword::new("another vexed quartz"), None).expect("strong");
        accounts.change_password(&user, new, None, &here.into()).await.expect("changed");
        let late = accounts.start_session(&user, None).await;
        assert!(matches!(late, Err(SignInError::InvalidCredentials)), "{late:?}");
        assert!(accounts.sessions_of(user.id).await.expect("a list").is_empty());
    }
}
