//! Users and their sessions: decisions without a database or a network.

mod closing;
mod email;
mod email_requests;
mod link;
mod release;
mod session;
#[cfg(test)]
mod tests;
mod user;

pub use closing::{Closing, ClosingStatus};
pub use email::{Email, EmailError};
pub use email_requests::{EmailRequests, TooManyEmails};
pub use link::{EmailChange, EmailRefusal, Link, TokenHash, TokenInvalid};
pub use session::{Session, SessionEnded};
pub use user::{PasswordHash, User};
