//! The data of `session.*` events.

use serde::{Deserialize, Serialize};

use crate::{SessionId, Time, UserId};

/// A session was revoked before its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRevoked {
    /// The session.
    pub session_id: SessionId,
    /// The user.
    pub user_id: UserId,
    /// The expiry of the session's last token; later the revocation can be forgotten.
    pub tokens_expire_at: Time,
}
