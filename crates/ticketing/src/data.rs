//! The data folder: one database a service, and a lock so that two marketplaces never share them.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use store::Backend;
use store::sqlite::{OpenError, SqliteBackend};

/// The services that keep data here; the simulator stands for Stripe and must remember as Stripe does.
pub const DATABASES: [&str; 6] = ["auth", "tickets", "orders", "expiration", "payments", "stripe"];

/// The data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The folder is missing and cannot be made, or may not be written.
    #[error("the data folder {0} cannot be written ({1}); make it writable, or choose another with `--data-dir`")]
    Folder(PathBuf, #[source] std::io::Error),
    /// Another marketplace works on it.
    #[error("the data folder {0} is in use by another marketplace; stop that one, or choose another with `--data-dir`")]
    InUse(PathBuf),
    /// A database cannot be opened.
    #[error(transparent)]
    Database(#[from] OpenError),
}

/// The data folder, locked for as long as this lives.
pub struct Data {
    folder: PathBuf,
    _lock: File,
}

impl Data {
    /// Makes the folder if it is missing, and locks it.
    ///
    /// # Errors
    /// It cannot be written, or somebody else works on it.
    pub fn lock(folder: &Path) -> Result<Self, DataError> {
        let refused = |error| DataError::Folder(folder.to_owned(), error);
        std::fs::create_dir_all(folder).map_err(refused)?;
        let lock = File::create(folder.join("lock")).map_err(refused)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder: folder.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => Err(refused(error)),
        }
    }

    /// Opens the database of this name.
    ///
    /// # Errors
    /// It is broken, of a newer version, or may not be written.
    pub fn open(&self, name: &str) -> Result<Arc<dyn Backend>, DataError> {
        Ok(SqliteBackend::open(database(&self.folder, name))?)
    }
}

/// Where the database of this name is.
pub fn database(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.sqlite"))
}
