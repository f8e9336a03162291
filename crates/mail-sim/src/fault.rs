//! Faults on demand, with which tests show that a client survives the failures of a mail server.

use serde::{Deserialize, Serialize};

/// The pending faults. Counts apply to that many of the next emails; the delay applies until it is cleared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Faults {
    /// Emails to refuse for good (550).
    pub reject: u32,
    /// Emails to refuse for now (451).
    pub defer: u32,
    /// Emails to discard: the connection closes after their contents, without a reply.
    pub drop: u32,
    /// Milliseconds between the receipt of an email and the reply.
    pub delay_ms: u64,
}
