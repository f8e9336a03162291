//! Failures of a SQLite database.

use std::io;
use std::path::PathBuf;

use rusqlite::{Error, ErrorCode};

use crate::StoreError;

/// A database that cannot be opened. The message is one sentence with the cause and the remedy.
#[derive(Debug, thiserror::Error)]
#[error("the file {} {fault}", path.display())]
pub struct SqliteOpenError {
    /// The database file.
    pub path: PathBuf,
    /// The fault.
    pub fault: SqliteOpenFault,
}

/// The reason why a database cannot be opened, and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum SqliteOpenFault {
    /// The folder cannot be created or written.
    #[error(
        "cannot be opened because its folder cannot be created or written ({0}): choose another folder or allow \
         writing there"
    )]
    Folder(io::Error),
    /// The file is damaged or not a database.
    #[error(
        "is not a database or is broken ({0}): restore it from a backup, or move it away to start with an empty one"
    )]
    Broken(Error),
    /// A database of another program.
    #[error("is a database of another program: choose another path")]
    Foreign,
    /// A database of a later format.
    #[error(
        "was written by a newer version (format {found}, this one knows {known}): start that version or restore an \
         older backup"
    )]
    Newer {
        /// The format of the file.
        found: i32,
        /// The latest format that this version knows.
        known: i32,
    },
    /// A database that another process has open.
    #[error("is in use by another process: stop that one or choose another path")]
    InUse,
    /// The writer's thread cannot be started.
    #[error(
        "cannot be opened because no thread can be started ({0}): raise the limit of threads and start again"
    )]
    Thread(io::Error),
    /// Any other error.
    #[error("cannot be opened ({0}): remove the cause and start again")]
    Failed(Error),
}

impl From<Error> for SqliteOpenFault {
    fn from(cause: Error) -> Self {
        match cause.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Broken(cause),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::Folder(io::Error::other(cause))
            }
            _ => Self::Failed(cause),
        }
    }
}

/// Classifies an error of an open database: broken contents are permanent, all else is temporary.
pub(super) fn store_error(error: &Error) -> StoreError {
    let broken = match error {
        Error::SqliteFailure(failure, _) => {
            matches!(
                failure.code,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch
            )
        }
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => true,
        _ => false,
    };
    if broken {
        StoreError::Unreadable(error.to_string().into())
    } else {
        StoreError::Unavailable(error.to_string())
    }
}
