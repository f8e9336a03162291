//! Users and their sessions: decisions without a database or a network.

mod email;
mod session;
mod user;

pub use email::{Email, EmailError};
pub use session::{Session, SessionEnded};
pub use user::{PasswordHash, User};
