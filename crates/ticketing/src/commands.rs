//! The commands `dead-letters`, `unreadable`, `failed-emails` and `refund`, which work with or without a running marketplace, and `recover`,
//! which works without.

use std::path::Path;
use std::sync::Arc;

use common::clock::SystemClock;
use common::{Ids, OrderId, SharedClock, SystemEntropy};
use payments::RefundError;
use runtime::{
    BackendError, BoxError, DeadLetterError, DeadLetters, Recovery, ServiceStore, Unreadable,
    UnreadableError, report_recovery,
};
use store::sqlite::{SqliteBackend, SqliteOpenError};
use store::{Store, Verifier};

use crate::{DATABASES, database_file, recover};

/// Error of the command `refund`.
#[derive(Debug, thiserror::Error)]
pub enum RefundCommandError {
    /// The database does not exist or cannot be opened.
    #[error(transparent)]
    Open(#[from] SqliteOpenError),
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
    let stores = existing(folder).map(open).collect::<Result<Vec<_>, BackendError>>()?;
    action.run(&stores).await
}

/// Lists the unreadable documents of all services.
///
/// # Errors
/// A database failed.
pub async fn run_unreadable(action: &Unreadable, folder: &Path) -> Result<(), UnreadableError> {
    let open = |name| Ok(service_store(name, open_store(folder, name)?));
    let services = existing(folder).map(open).collect::<Result<Vec<_>, BackendError>>()?;
    action.run(&services).await
}

/// Lists the emails that failed for good: first those about accounts, then those about orders.
///
/// # Errors
/// A database does not exist or failed.
pub async fn run_failed_emails(folder: &Path) -> Result<(), BoxError> {
    let accounts = open_store(folder, auth::NAME)?;
    mail::print_failed::<auth::domain::User>(&accounts).await?;
    accounts.backend().close().await;
    let orders = open_store(folder, notifications::NAME)?;
    mail::print_failed::<notifications::domain::OrderEmails>(&orders).await?;
    orders.backend().close().await;
    Ok(())
}

/// Recovers the database of a service, and prints the result.
///
/// # Errors
/// As [`recover()`], or something was refused.
pub async fn run_recover(service: &str, folder: &Path) -> Result<(), BoxError> {
    report_recovery(&recover(service, folder, &clock()).await?)
}

/// The databases that exist in a folder.
fn existing(folder: &Path) -> impl Iterator<Item = &'static str> {
    DATABASES.into_iter().filter(|name| database_file(folder, name).exists())
}

/// A service's database, with its collections.
pub(crate) fn service_store(name: &'static str, store: Store) -> ServiceStore {
    let (documents, recovery): (&[Verifier], _) = match name {
        auth::NAME => (auth::DOCUMENTS, &auth::RECOVERY),
        tickets::NAME => (tickets::DOCUMENTS, &tickets::RECOVERY),
        orders::NAME => (orders::DOCUMENTS, &orders::RECOVERY),
        expiration::NAME => (expiration::DOCUMENTS, &expiration::RECOVERY),
        payments::NAME => (payments::DOCUMENTS, &payments::RECOVERY),
        notifications::NAME => (notifications::DOCUMENTS, &notifications::RECOVERY),
        // The simulator's database is no one's but its own.
        _ => (&[], &Recovery::NONE),
    };
    ServiceStore { name, store, documents, recovery }
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
fn open_store(folder: &Path, name: &str) -> Result<Store, SqliteOpenError> {
    let backend = SqliteBackend::open_beside(database_file(folder, name))?;
    let ids = Ids::new(clock(), Arc::new(SystemEntropy));
    Ok(Store::new(backend, clock(), ids))
}

fn clock() -> SharedClock {
    Arc::new(SystemClock)
}
