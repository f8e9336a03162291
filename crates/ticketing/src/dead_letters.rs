//! `dead-letters list` and `dead-letters replay`: beside a running marketplace or without one.

use std::path::Path;
use std::sync::Arc;

use common::clock::SystemClock;
use common::{Ids, SharedClock, SystemEntropy};
use runtime::{BackendError, DeadLetterError, DeadLetters};
use store::Store;
use store::sqlite::SqliteBackend;

use crate::data::{DATABASES, database};

/// Runs the command on the databases of a folder.
///
/// # Errors
/// A database failed, or there is no such dead letter.
pub async fn run(action: &DeadLetters, folder: &Path) -> Result<(), DeadLetterError> {
    action.run(&stores(folder)?).await
}

/// Opened beside the marketplace that may be running on them.
fn stores(folder: &Path) -> Result<Vec<(&'static str, Store)>, BackendError> {
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let existing = DATABASES.into_iter().filter(|name| database(folder, name).exists());
    let open = existing.map(|name| {
        let backend = SqliteBackend::open_beside(database(folder, name))?;
        Ok((name, Store::new(backend, Arc::clone(&clock), ids.clone())))
    });
    open.collect()
}
