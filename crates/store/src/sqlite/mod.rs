//! The adapter for SQLite, the embedded default.

mod entry;
mod error;
mod file;
mod memory;
mod open;
mod permits;
mod read;
mod state;
mod transaction;
mod writer;

use std::path::Path;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use rusqlite::Connection;
use uuid::Uuid;

pub use error::{SqliteOpenError, SqliteOpenFault};

use crate::{
    Backend, CommitError, IndexedRecord, OutboxEntry, RangeQuery, Record, Revision, ScannedRecord,
    StoreError, UniqueKey, Write,
};
use file::FileDatabase;
use memory::MemoryDatabase;
use open::OpenMode;
use state::WriterState;

/// A range of so many rows, an ordinary page and the row that shows whether more follow, is read in the calling thread: some
/// 30 µs, less than a hand-over to the blocking pool and back costs.
const MAX_SHORT_ROWS: usize = 21;

/// A SQLite database. One process opens it at a time.
#[derive(Debug)]
pub struct SqliteBackend {
    storage: Storage,
    state: Arc<WriterState>,
    /// Whether this process is the only writer.
    exclusive: bool,
}

#[derive(Debug)]
enum Storage {
    File(FileDatabase),
    Memory(MemoryDatabase),
}

impl SqliteBackend {
    /// Opens the database in the file `path`; creates the file and its folder if they are missing.
    ///
    /// Dropping without [`Backend::close`] finishes accepted commits too, but blocks the dropping thread.
    pub fn open(path: impl AsRef<Path>) -> Result<Arc<Self>, SqliteOpenError> {
        Self::open_file(path.as_ref(), OpenMode { exclusive: true, survives_power_loss: true })
    }

    /// As [`Self::open`], without waiting for the disk: a commit survives a crash of the process, but not of the machine. For
    /// simulators, whose data has no value after that.
    pub fn open_unsynced(path: impl AsRef<Path>) -> Result<Arc<Self>, SqliteOpenError> {
        Self::open_file(path.as_ref(), OpenMode { exclusive: true, survives_power_loss: false })
    }

    /// Opens a database that another process may have open: for an operator's tool beside a running service. SQLite
    /// itself keeps two writers apart. [`Backend::revision`] is unknown here, and misses these commits there: a tool must
    /// not change documents that the service caches.
    pub fn open_beside(path: impl AsRef<Path>) -> Result<Arc<Self>, SqliteOpenError> {
        Self::open_file(path.as_ref(), OpenMode { exclusive: false, survives_power_loss: true })
    }

    fn open_file(path: &Path, mode: OpenMode) -> Result<Arc<Self>, SqliteOpenError> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let state = Arc::new(WriterState::new(name));
        let file = FileDatabase::open(path, mode, Arc::clone(&state))
            .map_err(|fault| SqliteOpenError { path: path.to_owned(), fault })?;
        Ok(Arc::new(Self { storage: Storage::File(file), state, exclusive: mode.exclusive }))
    }

    /// A new, empty database in memory. Every call completes at its first poll, in the polling thread.
    pub fn in_memory() -> Result<Arc<Self>, SqliteOpenError> {
        let state = Arc::new(WriterState::new("memory".into()));
        let memory = MemoryDatabase::open(Arc::clone(&state))
            .map_err(|error| SqliteOpenError { path: ":memory:".into(), fault: error.into() })?;
        Ok(Arc::new(Self { storage: Storage::Memory(memory), state, exclusive: true }))
    }

    /// The number of transactions so far; commits that wait at the same time share one.
    pub fn transactions(&self) -> u64 {
        self.state.transactions()
    }

    async fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        match &self.storage {
            Storage::File(file) => file.read(read).await,
            Storage::Memory(memory) => memory.read(read),
        }
    }

    async fn read_many<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.storage {
            Storage::File(file) => file.read_many(read).await,
            Storage::Memory(memory) => memory.read(read),
        }
    }
}

impl Backend for SqliteBackend {
    fn database(&self) -> &str {
        self.state.database()
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.read(move |connection| read::get(connection, collection, id)).boxed()
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        key: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.read(move |connection| read::get_by_unique_key(connection, collection, &key)).boxed()
    }

    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        let is_short = query.limit <= MAX_SHORT_ROWS;
        let read = move |connection: &Connection| read::range(connection, &query);
        if is_short { self.read(read).boxed() } else { self.read_many(read).boxed() }
    }

    fn count(&self, query: RangeQuery) -> BoxFuture<'_, Result<usize, StoreError>> {
        self.read_many(move |connection| read::count(connection, &query)).boxed()
    }

    fn scan(
        &self,
        collection: &'static str,
        format: Option<u32>,
        after: Option<Uuid>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ScannedRecord>, StoreError>> {
        self.read_many(move |connection| read::scan(connection, collection, format, after, limit)).boxed()
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        match &self.storage {
            Storage::File(file) => file.commit(write).boxed(),
            Storage::Memory(memory) => async { memory.commit(write) }.boxed(),
        }
    }

    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>> {
        self.read(move |connection| read::outbox(connection, after, limit)).boxed()
    }

    fn outbox_changed(&self) -> BoxFuture<'_, ()> {
        self.state.outbox_changed().boxed()
    }

    fn mark_published<'a>(&'a self, seqs: &'a [u64]) -> BoxFuture<'a, Result<(), StoreError>> {
        match &self.storage {
            Storage::File(file) => file.prune(seqs).boxed(),
            Storage::Memory(memory) => async { memory.prune(seqs) }.boxed(),
        }
    }

    fn revision(&self, collection: &'static str) -> Revision {
        let commits = self.state.revision(collection);
        if self.exclusive { Revision::OfAll(commits) } else { Revision::OfThisProcess(commits) }
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        match &self.storage {
            Storage::File(file) => file.check().boxed(),
            Storage::Memory(memory) => async { memory.read(read::check) }.boxed(),
        }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        match &self.storage {
            Storage::File(file) => file.close().boxed(),
            Storage::Memory(memory) => async { memory.close() }.boxed(),
        }
    }
}
