//! The deletion of an account.
//!
//! Auth requests, orders decides, and auth deletes: orders alone knows whether a payment is in progress, and accepts no order
//! of or for the account from its decision on. Every step is idempotent, and the request is published until it is answered,
//! so a crash between two steps or a lost event only delays the rest.

use std::time::Duration;

use common::http::CurrentUser;
use common::{UserId, poll_until};
use store::{CommitError, Range, StoreError};

use crate::Accounts;
use crate::accounts::SignInError;
use crate::domain::{Closing, ClosingStatus, Session};
use crate::password::TypedPassword;
use crate::security;
use crate::storage::index;
use crate::throttle::Origin;

/// How long a request for the deletion waits for the decision of orders, which takes milliseconds.
const DECISION_TIMEOUT: Duration = Duration::from_secs(10);

/// The reason why an account is not deleted now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CloseError {
    #[error("a payment of the account is in progress")]
    Paying,
    #[error("orders has not decided; the deletion goes on by itself")]
    Undecided,
    #[error(transparent)]
    SignIn(#[from] SignInError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StoreError> for CloseError {
    fn from(error: StoreError) -> Self {
        Self::Commit(error.into())
    }
}

impl Accounts {
    /// Deletes the caller's account, if this is its password, and waits until that is done.
    pub(crate) async fn close_account(
        &self,
        caller: &CurrentUser,
        password: TypedPassword,
        from: &Origin,
    ) -> Result<(), CloseError> {
        let user = self.authenticate(caller, password, from).await?;
        let request = self.request_closing(user.id, false).await?;
        let decision = async || {
            let closing = self.closings.get(user.id).await?;
            let decided = closing.filter(|closing| closing.is_decided(request));
            Ok::<_, StoreError>(decided.map(|closing| closing.status))
        };
        match poll_until(DECISION_TIMEOUT, decision).await? {
            Some(ClosingStatus::Deleted) => Ok(()),
            Some(ClosingStatus::Refused | ClosingStatus::Requested) => Err(CloseError::Paying),
            None => Err(CloseError::Undecided),
        }
    }

    /// Requests the deletion, and returns the number of the request.
    pub(crate) async fn request_closing(&self, user: UserId, if_unused: bool) -> Result<u64, CommitError> {
        let now = self.now();
        let request = |known: Option<&Closing>| Closing::request(known, user, if_unused, now);
        let closing = self.closings.apply(user, request).await?;
        Ok(closing.map_or(0, |closing| closing.request))
    }

    /// Deletes an account and all that auth stores about it. The address is free first; then no session can begin any more,
    /// and those that have begun are revoked.
    pub(crate) async fn delete_account(&self, user: UserId) -> Result<(), CommitError> {
        self.remove_user(user).await?;
        self.erase_sessions(user).await?;
        self.erase_activities(user).await?;
        let now = self.now();
        let mut is_new = false;
        let delete = |known: Option<&Closing>| {
            let deleted = Closing::delete(known, user, now);
            is_new = deleted.is_some();
            deleted
        };
        self.closings.apply(user, delete).await?;
        if is_new {
            security::account_deleted(user);
        }
        Ok(())
    }

    async fn remove_user(&self, user: UserId) -> Result<(), CommitError> {
        while let Some(user) = self.store.get(user).await? {
            match self.store.remove(&user).await {
                // Changed meanwhile, as when an email was sent.
                Err(CommitError::Conflict) => {}
                removed => return removed,
            }
        }
        Ok(())
    }

    async fn erase_activities(&self, user: UserId) -> Result<(), CommitError> {
        loop {
            let page = self.activities.page(Range::of(index::BY_USER, [user.into()])).await?.complete()?;
            if page.items.is_empty() {
                return Ok(());
            }
            for entry in &page.items {
                match self.activities.remove(entry).await {
                    // Purged meanwhile.
                    Ok(()) | Err(CommitError::Conflict) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Revokes all sessions. A revoked one has no device name.
    async fn erase_sessions(&self, user: UserId) -> Result<(), CommitError> {
        let mut cursor = None;
        loop {
            let page = self.sessions.page(Range::of(index::BY_USER, [user.into()]).after(cursor)).await?;
            let page = page.complete()?;
            for session in &page.items {
                let now = self.now();
                let revoke = |session: Option<&Session>| session?.revoke(now);
                self.sessions.apply_from(session, revoke).await?;
                security::session_revoked(user, session.id);
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }
}
