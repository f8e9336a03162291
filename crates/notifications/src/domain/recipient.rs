//! The replica of an account, kept by the events of auth.

use std::fmt;

use common::event::AccountSnapshot;
use common::{Decision, UserId};
use serde::{Deserialize, Serialize};

/// A copy of an account. Of a deleted one only the id stays, so that no late event brings the address back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipient {
    /// The user.
    pub user_id: UserId,
    /// The account; absent if it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// The version of the account that is copied here.
    pub as_of: u64,
    /// The replica's own version.
    pub version: u64,
}

/// The data of an account that emails need. `Debug` omits the address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The email address.
    pub email: String,
    /// Whether the user has proved that the address is theirs.
    pub verified: bool,
    /// The language of emails (BCP 47), if the user has chosen one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("verified", &self.verified).finish_non_exhaustive()
    }
}

impl Recipient {
    /// Takes over a snapshot that is newer than the replica. Returns `None` for an outdated one, or if the account was deleted.
    pub fn apply(replica: Option<&Self>, account: &AccountSnapshot) -> Option<Decision<Self>> {
        if replica.is_some_and(|known| known.account.is_none() || known.as_of >= account.version) {
            return None;
        }
        let AccountSnapshot { user_id, email, verified, locale, version } = account.clone();
        Some(Decision::without_event(Self {
            user_id,
            account: Some(Account { email, verified, locale }),
            as_of: version,
            version: replica.map_or(1, |known| known.version + 1),
        }))
    }

    /// Erases the account. Returns `None` if it was erased before.
    pub fn delete(replica: Option<&Self>, user_id: UserId) -> Option<Decision<Self>> {
        if replica.is_some_and(|known| known.account.is_none()) {
            return None;
        }
        let (as_of, version) = replica.map_or((0, 1), |known| (known.as_of, known.version + 1));
        Some(Decision::without_event(Self { user_id, account: None, as_of, version }))
    }

    /// The address. Returns `None` if the account was deleted.
    pub fn address(&self) -> Option<&str> {
        self.account.as_ref().map(|account| account.email.as_str())
    }
}
