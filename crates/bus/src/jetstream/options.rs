//! What can be chosen about the bus.

use std::path::PathBuf;
use std::time::Duration;

/// What can be chosen about the bus. All processes of one marketplace choose the same, but for the name.
#[derive(Debug, Clone)]
pub struct Options {
    /// The first part of every subject and stream: letters, digits, `-` and `_`. Marketplaces with different prefixes
    /// share a server without hearing each other.
    pub prefix: String,
    /// How many servers keep each event: 1, or 3 in a cluster of at least as many.
    pub replicas: usize,
    /// What the server's monitoring calls this connection, and whose inbox (`_INBOX.<name>.>`) replies and events are
    /// sent to.
    pub name: String,
    /// After how long without a sign of life the server takes an event back from a process and delivers it again.
    pub ack_wait: Duration,
    /// How long the server may take to acknowledge an event that was published.
    pub publish_timeout: Duration,
    /// Files of root certificates (PEM) to trust instead of the system's, for `tls://`.
    pub certificates: Vec<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            prefix: "ticketing".to_owned(),
            replicas: 1,
            name: "ticketing".to_owned(),
            ack_wait: Duration::from_secs(30),
            publish_timeout: Duration::from_secs(5),
            certificates: Vec::new(),
        }
    }
}
