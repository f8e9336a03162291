//! `dead-letters list` and `dead-letters replay`: beside a running marketplace or without one.

use std::path::Path;
use std::sync::Arc;

use bus::DeadLetter;
use common::clock::SystemClock;
use common::{Ids, SharedClock, SystemEntropy};
use store::sqlite::{OpenError, SqliteBackend};
use store::{Store, StoreError};
use uuid::Uuid;

use crate::data::{DATABASES, database};
use crate::options::DeadLetters;

/// The command failed.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// A database does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No service has such a dead letter.
    #[error("there is no dead letter {0}; `ticketing dead-letters list` shows those that there are")]
    Unknown(Uuid),
}

/// Runs the command on the databases of a folder.
///
/// # Errors
/// A database failed, or there is no such dead letter.
pub async fn run(action: &DeadLetters, folder: &Path) -> Result<(), DeadLetterError> {
    match action {
        DeadLetters::List => list(folder).await,
        DeadLetters::Replay { id } => replay(folder, *id).await,
    }
}

async fn list(folder: &Path) -> Result<(), DeadLetterError> {
    let mut none = true;
    for (service, store) in stores(folder)? {
        for letter in DeadLetter::list(&store).await? {
            none = false;
            println!("{}", describe(service, &letter));
        }
    }
    if none {
        println!("There are no dead letters.");
    }
    Ok(())
}

fn describe(service: &str, letter: &DeadLetter) -> String {
    let waiting = if letter.replay_requested { ", to be replayed" } else { "" };
    format!(
        "{}  {}  {service} could not handle {} of {} (tried {} times{waiting}): {}",
        letter.id,
        letter.failed_at,
        letter.event.subject(),
        letter.event.aggregate,
        letter.attempts,
        letter.reason
    )
}

async fn replay(folder: &Path, id: Uuid) -> Result<(), DeadLetterError> {
    for (service, store) in stores(folder)? {
        if DeadLetter::request_replay(&store, id).await? {
            println!("{service} will handle it again within a minute, or when it is started.");
            return Ok(());
        }
    }
    Err(DeadLetterError::Unknown(id))
}

/// Opened beside the marketplace that may be running on them.
fn stores(folder: &Path) -> Result<Vec<(&'static str, Store)>, DeadLetterError> {
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let existing = DATABASES.into_iter().filter(|name| database(folder, name).exists());
    let open = existing.map(|name| {
        let backend = SqliteBackend::open_beside(database(folder, name))?;
        Ok((name, Store::new(backend, Arc::clone(&clock), ids.clone())))
    });
    open.collect()
}
