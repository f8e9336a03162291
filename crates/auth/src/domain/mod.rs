//! People and their sessions: the rules, without a database or a network.

mod email;
mod session;
mod user;

pub use email::{Email, EmailFault};
pub use session::{Ended, Session};
pub use user::{PasswordHash, User};
