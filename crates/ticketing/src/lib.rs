//! The whole marketplace in one process: every service, the Stripe simulator, SQLite and the in-process bus.

pub mod data;
pub mod dead_letters;
pub mod demo;
pub mod marketplace;
pub mod options;
pub mod refund;
pub mod serve;
mod welcome;

pub use marketplace::{AssembleError, Marketplace, Parts};
