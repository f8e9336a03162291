//! Users and their sessions: decisions without a database or a network.

mod activity;
mod challenge;
mod email;
mod email_requests;
mod link;
mod second_factor;
mod session;
#[cfg(test)]
mod tests;
mod user;

pub use activity::{Activity, What};
pub use challenge::{Challenge, ChallengeExpired};
pub use email::{Email, EmailError};
pub use email_requests::{EmailRequests, TooManyEmails};
pub use link::{EmailChange, EmailRefusal, Link, TokenHash, TokenInvalid};
pub use second_factor::{Authenticator, InvalidCode, SealedSeed};
pub use session::{Session, SessionEnded, clean_user_agent};
pub use user::{PasswordHash, SessionsEnd, User};
