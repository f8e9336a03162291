//! An SMTP server with a mailbox in memory that speaks the part of Mailpit's API that tests need.
//!
//! The server is for one machine: it listens on loopback addresses, offers no TLS, and accepts emails for every address.

mod email;
mod fault;
mod http;
mod mailbox;
mod sim;
mod smtp;

pub use email::{Address, Attachment, Email};
pub use fault::Faults;
pub use mailbox::Mailbox;
pub use sim::MailSim;
