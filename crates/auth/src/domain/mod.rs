//! Users and their sessions: decisions without a database or a network.

mod email;
mod email_quota;
mod link;
mod reset_request;
mod session;
#[cfg(test)]
mod testing;
mod user;

pub use email::{Email, EmailError};
pub use email_quota::{EmailQuota, TooManyEmails};
pub use link::{EmailChange, EmailRefusal, Link, TokenHash, TokenInvalid};
pub use reset_request::ResetRequest;
pub use session::{Session, SessionEnded};
pub use user::{PasswordHash, User};
