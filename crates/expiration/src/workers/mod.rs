//! What expiration does by itself.

mod fire;
mod forget;

use runtime::Worker;
use store::{CommitError, StoreError};

use crate::deadlines::Deadlines;

pub(crate) fn workers(deadlines: &Deadlines) -> Vec<Worker> {
    vec![fire::worker(deadlines.clone()), forget::worker(deadlines.clone())]
}

/// Another replica, or the end of the order, was faster: what was to be done is done.
fn unless_done(committed: Result<(), CommitError>) -> Result<(), StoreError> {
    match committed {
        Ok(()) | Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error),
    }
}
