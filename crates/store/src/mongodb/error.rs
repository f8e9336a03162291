//! What can go wrong with a MongoDB database.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::StoreError;

/// The database could not be opened, and trying again would not help. Each says in one sentence what happened and what
/// to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address cannot be understood, or asks for what cannot be had.
    #[error(
        "the address of the database is not valid ({reason}): write mongodb://user:password@host:port/name"
    )]
    Address {
        /// What is wrong with it; it repeats no part that may be secret.
        reason: String,
    },
    /// The server does not let us in.
    #[error(
        "the database {database} refused the user or the password of its address: correct them, and see that the user \
         may read and write there"
    )]
    Credentials {
        /// The database.
        database: String,
        /// What the server said.
        #[source]
        cause: Error,
    },
    /// A database that other software made.
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

/// The code of a write that would take what another document holds.
const DUPLICATE_KEY: i32 = 11000;
/// The codes of not being known, or not being allowed.
const NOT_LET_IN: [i32; 3] = [13, 18, 8000];
/// The code of a document that is too large.
const TOO_LARGE: i32 = 10334;

/// The name of the unique index that refused a write. The driver keeps the server's structured answer to some writes
/// only; of an insert there is but the message, which names the index, and the names are ours.
pub(super) fn duplicate(error: &Error) -> Option<&str> {
    let ErrorKind::Write(WriteFailure::WriteError(refused)) = &*error.kind else { return None };
    let (_, index) = refused.message.split_once(" index: ").filter(|_| refused.code == DUPLICATE_KEY)?;
    index.split_once(" dup key").map(|(name, _)| name)
}

/// Whether the server does not let us in.
pub(super) fn is_refusal(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Authentication { .. } => true,
        ErrorKind::Command(refused) => NOT_LET_IN.contains(&refused.code),
        _ => false,
    }
}

/// Sorts what the driver said while it worked: contents that cannot be read or written stay so, everything else may
/// pass. What the server says of a command may repeat its data, so only the code goes on.
pub(super) fn store_error(error: &Error) -> StoreError {
    let code = match &*error.kind {
        ErrorKind::Bson(_) | ErrorKind::InvalidResponse { .. } => {
            return StoreError::Unreadable(error.to_string().into());
        }
        ErrorKind::Command(refused) if refused.code == TOO_LARGE => {
            return StoreError::Unreadable("the document is larger than the server takes".into());
        }
        ErrorKind::Command(refused) => refused.code,
        ErrorKind::Write(WriteFailure::WriteError(refused)) => refused.code,
        ErrorKind::Write(WriteFailure::WriteConcernError(unconfirmed)) => unconfirmed.code,
        _ => return StoreError::Unavailable(error.to_string()),
    };
    StoreError::Unavailable(format!("the server answered with code {code}"))
}

/// What a closed database answers.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".into())
}
