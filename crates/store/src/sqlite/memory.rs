//! A database in memory, for tests. Every call runs at once and in the calling thread: a simulation in one thread stays
//! in one thread.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;

use super::error::store_error;
use super::state::WriterState;
use super::transaction::WriteResult;
use super::{open, transaction};
use crate::{StoreError, Write};

/// One connection for all callers; `None` once it is closed.
#[derive(Debug)]
pub(super) struct MemoryDatabase {
    connection: Mutex<Option<Connection>>,
    state: Arc<WriterState>,
}

impl MemoryDatabase {
    pub(super) fn open(state: Arc<WriterState>) -> rusqlite::Result<Self> {
        Ok(Self { connection: Mutex::new(Some(open::memory()?)), state })
    }

    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let connection = self.connection.lock();
        read(connection.as_ref().ok_or_else(StoreError::closed)?).map_err(|error| store_error(&error))
    }

    pub(super) fn commit(&self, write: Write) -> WriteResult {
        let mut connection = self.connection.lock();
        let writes = [write];
        let connection = connection.as_mut().ok_or_else(StoreError::closed)?;
        let (mut results, _) = transaction::run(connection, &writes, &[]);
        self.state.record(&writes, &results);
        results.pop().unwrap_or(Ok(()))
    }

    pub(super) fn prune(&self, seqs: &[u64]) -> Result<(), StoreError> {
        let mut connection = self.connection.lock();
        transaction::run(connection.as_mut().ok_or_else(StoreError::closed)?, &[], seqs).1
    }

    pub(super) fn close(&self) {
        self.connection.lock().take();
    }
}
