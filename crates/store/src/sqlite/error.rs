//! What can go wrong with a SQLite database.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Error, ErrorCode};

use crate::StoreError;

/// The database could not be opened. Each says in one sentence what happened and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is missing and cannot be made, or nothing can be written there.
    #[error(
        "the database {} cannot be opened because its folder cannot be created or written ({cause}): \
         choose another folder or allow writing there", path.display()
    )]
    Folder {
        /// The database file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The file is damaged or something else entirely.
    #[error(
        "the file {} is not a database or is broken ({cause}): restore it from a backup, or move it away to start \
         with an empty one", path.display()
    )]
    Broken {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        cause: Error,
    },
    /// A database that other software made.
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
    /// Another process works on it.
    #[error("the database {} is in use by another process: stop that one or choose another path", path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The operating system gives no thread to write on.
    #[error("the database {} cannot be opened because no thread can be started ({cause}): raise the limit of \
             threads and start again", path.display())]
    Thread {
        /// The database file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// Anything else.
    #[error("the database {} cannot be opened ({cause}): see to the cause and start again", path.display())]
    Failed {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        cause: Error,
    },
}

impl OpenError {
    /// Sorts what SQLite said while `path` was opened.
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

/// Sorts what SQLite said while it worked: broken contents stay broken, everything else may pass.
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

/// What a closed database answers.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".into())
}
