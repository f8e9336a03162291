//! A database in memory, for tests. Everything happens at once and in the caller, never on another thread: a
//! simulation that runs in one thread stays in one thread.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use rusqlite::Connection;

use super::apply::{self, Outcome};
use super::error::{closed, store_error};
use super::news::News;
use super::{OpenError, open};
use crate::{StoreError, Write};

/// One connection for everybody; `None` once it is closed.
#[derive(Debug)]
pub(super) struct MemoryDatabase {
    connection: Mutex<Option<Connection>>,
    news: Arc<News>,
}

impl MemoryDatabase {
    pub(super) fn open(news: Arc<News>) -> Result<Self, OpenError> {
        Ok(Self { connection: Mutex::new(Some(open::memory()?)), news })
    }

    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let connection = self.connection();
        read(connection.as_ref().ok_or_else(closed)?).map_err(|error| store_error(&error))
    }

    pub(super) fn commit(&self, write: Write) -> Outcome {
        let mut connection = self.connection();
        let writes = [write];
        let (mut outcomes, _) = apply::batch(connection.as_mut().ok_or_else(closed)?, &writes, &[]);
        self.news.tell(&writes, &outcomes);
        outcomes.pop().unwrap_or(Ok(()))
    }

    pub(super) fn mark_published(&self, seqs: &[u64]) -> Result<(), StoreError> {
        apply::batch(self.connection().as_mut().ok_or_else(closed)?, &[], seqs);
        Ok(())
    }

    pub(super) fn close(&self) {
        self.connection().take();
    }

    fn connection(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection.lock()
    }
}
