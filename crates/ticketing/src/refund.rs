//! `refund <order>`: beside a running marketplace or without one.

use std::path::Path;
use std::sync::Arc;

use common::clock::SystemClock;
use common::{Ids, OrderId, SharedClock, SystemEntropy};
use payments::RefundError;
use store::Store;
use store::sqlite::{SqliteBackend, SqliteOpenError};

use crate::data::database;

/// The command failed.
#[derive(Debug, thiserror::Error)]
pub enum RefundCommandError {
    /// There is no data yet, or the database does not open.
    #[error(transparent)]
    Open(#[from] SqliteOpenError),
    /// The order cannot be refunded.
    #[error(transparent)]
    Refund(#[from] RefundError),
}

/// Commits that the money goes back; the running marketplace, or the next one that starts, does it.
///
/// # Errors
/// A database failed, or the order cannot be refunded.
pub async fn run(order: OrderId, folder: &Path) -> Result<(), RefundCommandError> {
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let backend = SqliteBackend::open_beside(database(folder, payments::NAME))?;
    let store = Store::new(backend, Arc::clone(&clock), ids);
    println!("{}", payments::refund(&store, &clock, order).await?);
    store.backend().close().await;
    Ok(())
}
