//! The data of `account.*` events.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::UserId;

/// An account's state, for the services that send emails. `Debug` omits the address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountSnapshot {
    /// The user.
    pub user_id: UserId,
    /// The email address.
    pub email: String,
    /// Whether the user has proved that the address is theirs.
    pub verified: bool,
    /// The language of emails (BCP 47), if the user has chosen one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The version.
    pub version: u64,
}

/// A request to delete an account, and the decision on it. Orders knows the accounts whose payment is in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosingRequest {
    /// The user.
    pub user_id: UserId,
    /// The number of the request: a later one is higher.
    pub request: u64,
    /// Whether the account is deleted only if it has listed, sold and bought nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub if_unused: bool,
}

/// An account was deleted. The last event of the account, published repeatedly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountDeleted {
    /// The user.
    pub user_id: UserId,
}

impl fmt::Debug for AccountSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user_id, verified, locale, version, .. } = self;
        f.debug_struct("AccountSnapshot")
            .field("user_id", user_id)
            .field("verified", verified)
            .field("locale", locale)
            .field("version", version)
            .finish_non_exhaustive()
    }
}
