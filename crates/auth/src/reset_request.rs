//! The request of a new password for an email address, whether or not the address has an account.

use common::{Decision, Time};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::Email;

/// A request that a worker has not looked at. The request itself costs the same for every address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResetRequest {
    pub(crate) id: Uuid,
    pub(crate) version: u64,
    /// The address as typed.
    pub(crate) email: Email,
    /// When the request was made.
    pub(crate) requested_at: Time,
}

impl ResetRequest {
    /// A new request.
    pub(crate) fn new(id: Uuid, email: Email, now: Time) -> Decision<Self> {
        Decision::without_event(Self { id, version: 1, email, requested_at: now })
    }
}
