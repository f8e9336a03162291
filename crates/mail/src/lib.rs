//! Email as durable jobs: a service commits an email in the document that causes it, and a worker sends it over SMTP.
//!
//! Each email is sent at least once under one `Message-ID`: a crash between sending and committing repeats it, and mailboxes
//! recognize the repetition.

mod calendar;
mod failed;
mod kind;
mod mailer;
mod message;
mod options;
mod pending;
mod render;
mod smtp;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod worker;

pub use failed::print_failed;
pub use kind::{Factor, Kind, Secret};
pub use mailer::{Mailer, SendError};
pub use message::{Attachment, Message};
pub use options::{MailOptions, OptionsError};
pub use pending::{FailedEmail, Failure, PendingEmail, PendingEmails};
pub use smtp::SmtpMailer;
pub use worker::{EmailContext, EmailWorker, SendsEmail};
