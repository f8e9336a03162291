//! The port to a mail server.

use futures::future::BoxFuture;

use crate::Message;

/// The reason why an email was not sent. Never names the recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The server refuses this email for good.
    #[error("refused for good: {0}")]
    Permanent(String),
    /// The server is unavailable, or refuses the email for now.
    #[error("not now: {0}")]
    Temporary(String),
}

/// A mail server.
pub trait Mailer: Send + Sync + 'static {
    /// Sends an email. `Ok`: the server has accepted the email, and is responsible for it from now on.
    ///
    /// # Errors
    /// The server has not accepted the email, or the reply was lost.
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), SendError>>;
}
