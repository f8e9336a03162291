//! Forgotten passwords: a request that costs the same for every address, and the link that sets a new password.

use std::net::IpAddr;
use std::time::Duration;

use common::http::HttpContext;
use common::{Time, error_chain};
use mail::Kind;
use runtime::{PeriodicJob, Worker};
use store::{CommitError, Range, StoreError};
use tokio_util::sync::CancellationToken;

use crate::Accounts;
use crate::domain::{Email, Link, TokenInvalid, User, What};
use crate::password::Password;
use crate::reset_request::ResetRequest;
use crate::secret_token::LinkToken;
use crate::storage::{email_key, index};
use crate::throttle::Origin;
use crate::verification::LinkError;

/// How long a request waits for the worker: the reply is sent by then, so its time does not tell whether there is an account.
const SEND_DELAY: Duration = Duration::from_millis(500);
/// The largest number of requests read at once.
const MAX_BATCH: usize = 64;
/// The longest sleep of the worker, so that it finds what another replica left behind.
const MAX_SLEEP: Duration = Duration::from_secs(5);

impl Accounts {
    /// Stores a request for a link that sets a password. A worker looks up the account later, so neither the reply nor its
    /// time tells whether there is one. Without an email if too many were requested from this address.
    pub(crate) async fn forgot_password(&self, email: Email, from: IpAddr) -> Result<(), LinkError> {
        let now = self.now();
        match self.throttle.request_email(from, now).await.map_err(LinkError::from) {
            Ok(()) => {}
            Err(LinkError::TooMany(_)) => return Ok(()),
            Err(error) => return Err(error),
        }
        self.resets.commit(ResetRequest::new(self.ids.next(), email, now)).await?;
        self.reset_wake.time_stored(now.after(SEND_DELAY));
        Ok(())
    }

    /// Commits the email of a request to the account of its address, if there is one.
    async fn send_reset(&self, request: &ResetRequest) -> Result<(), StoreError> {
        let now = self.now();
        if let Some(user) = self.store.get_by_unique_key(email_key(&request.email)).await? {
            let decide = |user: Option<&User>| {
                let user = user?;
                let token = LinkToken::generate(user.id, &self.ids);
                let email = self.email(Kind::PasswordReset { token: token.to_secret() }, &user.email);
                let link = Link::reset(token.hash(), now);
                // Too many: the user has received as many emails already.
                user.request_password_reset((link, email), self.max_emails, now).map_err(LinkError::from).ok()
            };
            match self.store.apply_from(&user, decide).await {
                // A user's unique key changes only with the address.
                Ok(_) | Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
            self.email_wake.time_stored(now);
        }
        self.remove_request(request).await
    }

    async fn remove_request(&self, request: &ResetRequest) -> Result<(), StoreError> {
        match self.resets.remove(request).await {
            // Another replica was faster.
            Ok(()) | Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// The account of a token that sets a password now.
    ///
    /// # Errors
    /// [`LinkError::TokenInvalid`] for any other token.
    pub(crate) async fn reset_user(&self, token: &LinkToken) -> Result<User, LinkError> {
        let user = self.store.get(token.id).await?.ok_or(LinkError::TokenInvalid)?;
        user.check_password_reset(&token.hash(), self.now())?;
        Ok(user)
    }

    /// Sets the password of a token's account, and revokes all of its sessions.
    pub(crate) async fn reset_password(
        &self,
        token: &LinkToken,
        new: Password,
        context: &HttpContext,
        from: &Origin,
    ) -> Result<(), LinkError> {
        let hash =
            self.hashing.hash(new, self.ids.bytes()).await.map_err(crate::accounts::SignInError::from)?;
        let (token_hash, now) = (token.hash(), self.now());
        let decide = |user: Option<&User>| {
            let user = user.ok_or(TokenInvalid)?;
            let notice = self.email(Kind::PasswordChanged { at: now }, &user.email);
            user.reset_password(&token_hash, hash.clone(), notice, now).map(Some)
        };
        self.store.update(token.id, decide).await?;
        self.record(token.id, What::PasswordReset, from).await;
        self.email_wake.time_stored(now);
        self.revoke_sessions(token.id, None, context).await?;
        Ok(())
    }
}

/// The worker that sends the links of requests.
pub(crate) fn worker(accounts: &Accounts) -> Worker {
    Worker::periodic(ResetJob(accounts.clone()), accounts.clock.clone())
}

#[derive(Clone)]
struct ResetJob(Accounts);

impl ResetJob {
    async fn send_all(&self, stop: &CancellationToken) -> Result<Time, StoreError> {
        let all = Range::of(index::BY_REQUEST, []).limit(MAX_BATCH);
        let batch = self.0.resets.batch(all).await?.items;
        for request in &batch {
            if stop.is_cancelled() {
                break;
            }
            let due = request.requested_at.after(SEND_DELAY);
            if due > self.0.now() {
                return Ok(due);
            }
            match self.0.send_reset(request).await {
                // The next request may be about an intact account.
                Err(error @ StoreError::Unreadable(_)) => {
                    tracing::error!(
                        cause = error_chain(&error),
                        "a request of a new password is not answered"
                    );
                    self.0.remove_request(request).await?;
                }
                done => done?,
            }
        }
        let now = self.0.now();
        Ok(if batch.len() == MAX_BATCH { now } else { now.after(MAX_SLEEP) })
    }
}

impl PeriodicJob for ResetJob {
    const NAME: &'static str = "reset-requests";
    const RETRY_DELAY: Duration = Duration::from_secs(1);
    type Error = StoreError;

    async fn run(&self, stop: &CancellationToken) -> Result<Time, StoreError> {
        self.0.reset_wake.run_started();
        self.send_all(stop).await
    }

    async fn is_idle(&self) -> bool {
        let any = Range::of(index::BY_REQUEST, []).limit(1);
        self.0.resets.batch(any).await.is_ok_and(|page| page.items.is_empty())
    }

    async fn woken_before(&self, next: Time) {
        self.0.reset_wake.woken_before(next).await;
    }
}
