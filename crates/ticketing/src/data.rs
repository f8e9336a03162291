//! The data folder: one database a service.

use std::path::{Path, PathBuf};

/// The services that keep data here; the simulator stands for Stripe and must remember as Stripe does.
pub const DATABASES: [&str; 6] = ["auth", "tickets", "orders", "expiration", "payments", "stripe"];

/// Where the database of this name is.
pub fn database(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.sqlite"))
}
