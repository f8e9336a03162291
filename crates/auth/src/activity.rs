//! The audit trail of accounts: each event is a line of the security log and an entry that the user can read.

use common::{UserId, error_chain};

use crate::Accounts;
use crate::domain::{Activity, What};
use crate::security;
use crate::throttle::Origin;

impl Accounts {
    /// Records what happened to an account.
    pub(crate) async fn record(&self, user: UserId, what: What, from: &Origin) {
        security::happened(user, what);
        self.store_activity(user, what, from).await;
    }

    /// Records a failed sign-in: for an unknown account, in the log alone. The reply does not wait for the entry, since its
    /// time would tell whether the account exists.
    pub(crate) fn record_failure(&self, user: Option<UserId>, from: &Origin, throttles: bool) {
        security::sign_in_failed(user, throttles);
        if let Some(user) = user {
            let (accounts, from) = (self.clone(), from.clone());
            self.tasks.spawn(async move { accounts.store_activity(user, What::SignInFailed, &from).await });
        }
    }

    /// Stores an entry. What it is about has happened already, so a failure is logged and changes nothing.
    pub(crate) async fn store_activity(&self, user: UserId, what: What, from: &Origin) {
        let (address, user_agent) = (from.address.to_string(), from.user_agent.clone());
        let entry = Activity::new(self.ids.next(), user, what, (address, user_agent), self.now());
        if let Err(error) = self.activities.commit(entry).await {
            tracing::error!(%user, what = what.name(), error = error_chain(&error), "an entry of the audit trail is lost");
        }
    }
}
