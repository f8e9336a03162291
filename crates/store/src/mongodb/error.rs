//! Failures of a MongoDB database.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::StoreError;

/// A database that cannot be opened, also not by a retry. Each message is one sentence with the cause and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum MongoOpenError {
    /// The address is malformed or asks for an unsupported feature.
    #[error(
        "the address of the database is not valid ({reason}): write mongodb://user:password@host:port/name"
    )]
    Address {
        /// The mistake, without any part of the address that may be secret.
        reason: String,
    },
    /// The server refused the credentials.
    #[error(
        "the database {database} refused the user or the password of its address: correct them, and see that the user \
         may read and write there"
    )]
    Credentials {
        /// The database.
        database: String,
        /// The server's error.
        #[source]
        cause: Error,
    },
    /// A database of another program.
    #[error("the database {database} belongs to another program: choose another name")]
    Foreign {
        /// The database.
        database: String,
    },
    /// A database of a later format.
    #[error(
        "the database {database} was written by a newer version (format {found}, this one knows {known}): start that \
         version or restore an older backup"
    )]
    Newer {
        /// The database.
        database: String,
        /// The format of the database.
        found: i64,
        /// The latest format that this version knows.
        known: i64,
    },
}

/// The code of a write with a unique key that another document holds.
const DUPLICATE_KEY: i32 = 11000;
/// The codes of failed authentication and missing permissions.
const UNAUTHORIZED: [i32; 3] = [13, 18, 8000];
/// The code of a document that is too large.
const TOO_LARGE: i32 = 10334;

/// The name of the unique index that refused a write. For an insert the driver keeps only the server's message, not its
/// structured answer; the message contains the name of the index, and the names are ours.
pub(super) fn duplicate(error: &Error) -> Option<&str> {
    let ErrorKind::Write(WriteFailure::WriteError(refused)) = &*error.kind else { return None };
    let (_, index) = refused.message.split_once(" index: ").filter(|_| refused.code == DUPLICATE_KEY)?;
    index.split_once(" dup key").map(|(name, _)| name)
}

/// Whether the server refused the credentials.
pub(super) fn is_refusal(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Authentication { .. } => true,
        ErrorKind::Command(refused) => UNAUTHORIZED.contains(&refused.code),
        _ => false,
    }
}

/// Classifies an error of an open database: unreadable contents are permanent, all else is temporary. The server's
/// message may repeat data of the command, so only the code is passed on.
pub(super) fn store_error(error: &Error) -> StoreError {
    let code = match &*error.kind {
        ErrorKind::Bson(_) | ErrorKind::InvalidResponse { .. } => {
            return StoreError::Unreadable(error.to_string().into());
        }
        ErrorKind::Command(refused) if refused.code == TOO_LARGE => {
            return StoreError::Unreadable("the document is larger than the server accepts".into());
        }
        ErrorKind::Command(refused) => refused.code,
        ErrorKind::Write(WriteFailure::WriteError(refused)) => refused.code,
        ErrorKind::Write(WriteFailure::WriteConcernError(unconfirmed)) => unconfirmed.code,
        _ => return StoreError::Unavailable(error.to_string()),
    };
    StoreError::Unavailable(format!("the server answered with error code {code}"))
}
