//! Failures of reads, commits and updates.

use std::convert::Infallible;
use std::error::Error;

use common::Problem;

/// A failure of the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Unreachable, overloaded or shutting down; a retry may succeed.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// Unreadable contents: a defect, or data of a newer version.
    #[error("the database holds unreadable data: {0}")]
    Unreadable(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// The answer of a closed database.
    pub(crate) fn closed() -> Self {
        Self::Unavailable("closed".into())
    }

    /// The answer to a call beyond the limit of calls in flight.
    pub(crate) fn overloaded() -> Self {
        Self::Unavailable("overloaded".into())
    }
}

/// A commit that was refused or failed; nothing of it was written, unless the database timed out.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The stored version is not the one that was decided on, or the document exists already, or is gone.
    #[error("the document was changed concurrently")]
    Conflict,
    /// Another document holds the unique key of this name.
    #[error("the unique key `{0}` is taken")]
    DuplicateKey(&'static str),
    /// The database failed. After a timeout the outcome is unknown; the caller reads again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An update that was refused or failed, as [`CommitError`].
#[derive(Debug, thiserror::Error)]
pub enum UpdateError<E> {
    /// The aggregate refused the command.
    #[error("refused")]
    Refused(E),
    /// Another document holds the unique key of this name.
    #[error("the unique key `{0}` is taken")]
    DuplicateKey(&'static str),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<UpdateError<Infallible>> for CommitError {
    fn from(error: UpdateError<Infallible>) -> Self {
        match error {
            UpdateError::Refused(never) => match never {},
            UpdateError::DuplicateKey(name) => Self::DuplicateKey(name),
            UpdateError::Store(error) => Self::Store(error),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::unavailable().caused_by(error),
            StoreError::Unreadable(_) => Self::internal(error),
        }
    }
}

/// A duplicate of a unique key that a service does not expect is a defect. Callers compete for other keys; those are
/// matched where they are committed.
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
            UpdateError::DuplicateKey(name) => CommitError::DuplicateKey(name).into(),
            UpdateError::Store(error) => error.into(),
        }
    }
}
