//! Failures of a SQLite database.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Error, ErrorCode};

use crate::StoreError;

/// A database that cannot be opened. Each message is one sentence with the cause and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum SqliteOpenError {
    /// The folder cannot be created or written.
    #[error(
        "the database {} cannot be opened because its folder cannot be created or written ({cause}): \
         choose another folder or allow writing there", path.display()
    )]
    Folder {
        /// The database file.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        cause: io::Error,
    },
    /// The file is damaged or not a database.
    #[error(
        "the file {} is not a database or is broken ({cause}): restore it from a backup, or move it away to start \
         with an empty one", path.display()
    )]
    Broken {
        /// The database file.
        path: PathBuf,
        /// SQLite's error.
        #[source]
        cause: Error,
    },
    /// A database of another program.
    #[error("the file {} is a database of another program: choose another path", path.display())]
    Foreign {
        /// The database file.
        path: PathBuf,
    },
    /// A database of a later format.
    #[error(
        "the database {} was written by a newer version (format {found}, this one knows {known}): start that version \
         or restore an older backup", path.display()
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// The format of the file.
        found: i32,
        /// The latest format that this version knows.
        known: i32,
    },
    /// A database that another process has open.
    #[error("the database {} is in use by another process: stop that one or choose another path", path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The writer's thread cannot be started.
    #[error("the database {} cannot be opened because no thread can be started ({cause}): raise the limit of \
             threads and start again", path.display())]
    Thread {
        /// The database file.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        cause: io::Error,
    },
    /// Any other error.
    #[error("the database {} cannot be opened ({cause}): remove the cause and start again", path.display())]
    Failed {
        /// The database file.
        path: PathBuf,
        /// SQLite's error.
        #[source]
        cause: Error,
    },
}

impl SqliteOpenError {
    /// Classifies an error of opening `path`.
    pub(super) fn sqlite(path: &Path, cause: Error) -> Self {
        let path = path.to_owned();
        match cause.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Broken { path, cause },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path },
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::Folder { path, cause: io::Error::other(cause) }
            }
            _ => Self::Failed { path, cause },
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
