//! Recipients, and the emails about each order: decisions without a database or a network.

mod notice;
mod order_emails;
mod recipient;

pub use notice::{MAX_NEWS_AGE, Notice, Party};
pub use order_emails::OrderEmails;
pub use recipient::{Account, Recipient};
