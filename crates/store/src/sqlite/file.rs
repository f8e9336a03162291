//! A database in a file: one thread writes, several connections read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;

use super::error::{SqliteOpenFault, store_error};
use super::open::OpenMode;
use super::permits::Permits;
use super::state::WriterState;
use super::transaction::WriteResult;
use super::writer::Writer;
use super::{open, read};
use crate::{StoreError, Write};

/// Reads are short, and each connection has its own page cache.
const MAX_READERS: u32 = 4;

/// The connections to one file.
#[derive(Debug)]
pub(super) struct FileDatabase {
    readers: Arc<Readers>,
    writer: Writer,
}

impl FileDatabase {
    /// Opens or creates the file and starts the writer: as the only process, or beside another one.
    pub(super) fn open(
        path: &Path,
        mode: OpenMode,
        state: Arc<WriterState>,
    ) -> Result<Self, SqliteOpenFault> {
        // An absolute path is never one of SQLite's special names.
        let path = std::path::absolute(path).map_err(SqliteOpenFault::Folder)?;
        let lock = mode.exclusive.then(|| open::lock(&path)).transpose()?;
        let connection = open::writer(&path, mode)?;
        let writer = Writer::start(connection, lock, state).map_err(SqliteOpenFault::Thread)?;
        let readers = Readers { path, idle: Mutex::default(), permits: Permits::new(MAX_READERS) };
        Ok(Self { readers: Arc::new(readers), writer })
    }

    /// Reads a few rows in the calling thread: some microseconds, less than a hand-over to another thread costs. The
    /// runtime's threads bound how many do so at once, and no read waits for the writer.
    pub(super) async fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let _permit = self.readers.permits.acquire().await?;
        self.readers.read(read).map_err(|error| store_error(&error))
    }

    /// Reads many rows, on the runtime's blocking pool.
    pub(super) async fn read_many<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.readers.permits.acquire().await?;
        let readers = Arc::clone(&self.readers);
        let reading = tokio::task::spawn_blocking(move || {
            let result = readers.read(read);
            drop(permit);
            result
        });
        reading.await.map_err(|_| StoreError::closed())?.map_err(|error| store_error(&error))
    }

    pub(super) async fn commit(&self, write: Write) -> WriteResult {
        self.writer.commit(write).await
    }

    pub(super) async fn prune(&self, seqs: &[u64]) -> Result<(), StoreError> {
        self.writer.prune(seqs.to_vec()).await
    }

    pub(super) async fn check(&self) -> Result<(), StoreError> {
        if !self.writer.is_open() {
            return Err(StoreError::closed());
        }
        self.read(read::check).await
    }

    /// Closes the readers first, so that the writer is the last connection and leaves one file behind.
    pub(super) async fn close(&self) {
        self.readers.permits.drain().await;
        self.readers.idle.lock().clear();
        self.writer.close().await;
    }
}

/// Connections that read beside the writer, opened as they are needed.
#[derive(Debug)]
struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Permits,
}

impl Readers {
    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let idle = self.idle.lock().pop();
        let connection = idle.map_or_else(|| open::reader(&self.path), Ok)?;
        let result = read(&connection);
        self.idle.lock().push(connection);
        result
    }
}
