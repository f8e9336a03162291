//! The commands `dead-letters` and `refund`, which work with or without a running marketplace.

use std::path::Path;
use std::sync::Arc;

use common::clock::SystemClock;
use common::{Ids, OrderId, SharedClock, SystemEntropy};
use payments::RefundError;
use runtime::{BackendError, DeadLetterError, DeadLetters};
use store::Store;
use store::sqlite::{OpenError, SqliteBackend};

use crate::{DATABASES, database_file};

/// Error of the command `refund`.
#[derive(Debug, thiserror::Error)]
pub enum RefundCommandError {
    /// The database does not exist or cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The order cannot be refunded.
    #[error(transparent)]
    Refund(#[from] RefundError),
}

/// Lists or replays the dead letters of all databases in a folder.
///
/// # Errors
/// A database failed, or the dead letter does not exist.
pub async fn run_dead_letters(action: &DeadLetters, folder: &Path) -> Result<(), DeadLetterError> {
    let open = |name| Ok((name, open_store(folder, name)?));
    let existing = DATABASES.into_iter().filter(|name| database_file(folder, name).exists());
    let stores = existing.map(open).collect::<Result<Vec<_>, BackendError>>()?;
    action.run(&stores).await
}

/// Commits a refund of an order. The running marketplace, or the next one that starts, performs it.
///
/// # Errors
/// The database failed, or the order cannot be refunded.
pub async fn refund(order: OrderId, folder: &Path) -> Result<(), RefundCommandError> {
    let store = open_store(folder, payments::NAME)?;
    println!("{}", payments::refund(&store, &clock(), order).await?);
    store.backend().close().await;
    Ok(())
}

/// Opens a database that a running marketplace may have open, too.
fn open_store(folder: &Path, name: &str) -> Result<Store, OpenError> {
    let backend = SqliteBackend::open_beside(database_file(folder, name))?;
    let ids = Ids::new(clock(), Arc::new(SystemEntropy));
    Ok(Store::new(backend, clock(), ids))
}

fn clock() -> SharedClock {
    Arc::new(SystemClock)
}
