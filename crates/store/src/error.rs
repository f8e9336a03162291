//! How storing can fail.

use std::convert::Infallible;
use std::error::Error;

use common::Problem;

/// The database did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is overloaded or is shutting down: try again.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// What it holds cannot be read: a defect, or data of a newer version.
    #[error("the database holds something unreadable: {0}")]
    Unreadable(#[source] Box<dyn Error + Send + Sync>),
}

/// A commit did not happen; nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The document is at another version than the decision was made on (or exists already, or is gone).
    #[error("the document has changed meanwhile")]
    Conflict,
    /// Another document holds the claim of this name.
    #[error("the claim `{0}` is taken")]
    DuplicateKey(&'static str),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A read-modify-write did not happen; nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError<E> {
    /// The aggregate refused the command.
    #[error("refused")]
    Refused(E),
    /// Another document holds the claim of this name.
    #[error("the claim `{0}` is taken")]
    DuplicateKey(&'static str),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<UpdateError<Infallible>> for CommitError {
    fn from(error: UpdateError<Infallible>) -> Self {
        match error {
            UpdateError::Refused(never) => match never {},
            UpdateError::DuplicateKey(key) => Self::DuplicateKey(key),
            UpdateError::Store(error) => Self::Store(error),
        }
    }
}

/// The caller is told to come again; the log is told why.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::unavailable().caused_by(error),
            StoreError::Unreadable(_) => Self::internal(error),
        }
    }
}

/// A claim that a service does not expect to be taken is a defect; the claims that people compete for are matched
/// where they are made.
impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => error.into(),
            CommitError::Conflict | CommitError::DuplicateKey(_) => Self::internal(error),
        }
    }
}

impl<E: Into<Problem>> From<UpdateError<E>> for Problem {
    fn from(error: UpdateError<E>) -> Self {
        match error {
            UpdateError::Refused(refusal) => refusal.into(),
            UpdateError::DuplicateKey(claim) => CommitError::DuplicateKey(claim).into(),
            UpdateError::Store(error) => error.into(),
        }
    }
}
