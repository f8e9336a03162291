//! The whole marketplace in one process: every service, the Stripe simulator, SQLite and the in-process bus.

pub mod cli;
mod commands;
mod demo;
mod marketplace;
mod recover;
mod serve;
pub mod status;

use std::path::{Path, PathBuf};

pub use commands::{refund, run_dead_letters, run_failed_emails, run_recover, run_unreadable};
pub use marketplace::{AssembleError, Marketplace, OpenBackend, Parts};
pub use recover::recover;
pub use serve::{RunError, serve};

/// The names of the databases: one a service, and the Stripe simulator's.
pub const DATABASES: [&str; 7] =
    ["auth", "tickets", "orders", "expiration", "payments", "notifications", SIMULATOR];

/// The name of the Stripe simulator's database.
const SIMULATOR: &str = "stripe";

/// The file of a database in the data folder.
pub fn database_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.sqlite"))
}
