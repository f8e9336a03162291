//! The adapter for SQLite, the embedded default.

mod admission;
mod apply;
mod entry;
mod error;
mod file;
mod memory;
mod news;
mod open;
mod read;
mod readers;
mod writer;

use std::path::Path;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use rusqlite::Connection;
use uuid::Uuid;

pub use error::OpenError;

use crate::{
    Backend, IndexedRecord, OutboxEntry, RangeQuery, Record, StoreError, UniqueKey, Write, WriteError,
};
use file::FileDatabase;
use memory::MemoryDatabase;
use news::News;

/// A SQLite database. One process opens it at a time.
#[derive(Debug)]
pub struct SqliteBackend {
    place: Place,
    news: Arc<News>,
    /// Whether nobody else writes.
    alone: bool,
}

#[derive(Debug)]
enum Place {
    File(FileDatabase),
    Memory(MemoryDatabase),
}

impl SqliteBackend {
    /// Opens the database in the file `path`. The file, and its folder, are made when they are missing.
    ///
    /// Dropping it without [`Backend::close`] finishes what was accepted too, but waits for it in the dropping
    /// thread.
    pub fn open(path: impl AsRef<Path>) -> Result<Arc<Self>, OpenError> {
        let path = path.as_ref();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let news = Arc::new(News::new(name));
        let place = Place::File(FileDatabase::open(path, Arc::clone(&news))?);
        Ok(Arc::new(Self { place, news, alone: true }))
    }

    /// Opens a database that another process may have open: for an operator's tool beside a running service. SQLite
    /// itself keeps two writers apart; only [`Backend::revision`] is unknown then, here and in truth there as well, so a
    /// tool leaves alone what the service caches.
    pub fn open_beside(path: impl AsRef<Path>) -> Result<Arc<Self>, OpenError> {
        let path = path.as_ref();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let news = Arc::new(News::new(name));
        let place = Place::File(FileDatabase::open_beside(path, Arc::clone(&news))?);
        Ok(Arc::new(Self { place, news, alone: false }))
    }

    /// A new, empty database in memory, of which nothing remains. Each call of it is done when it is first polled,
    /// in the polling thread.
    pub fn in_memory() -> Result<Arc<Self>, OpenError> {
        let news = Arc::new(News::new("memory".into()));
        let place = Place::Memory(MemoryDatabase::open(Arc::clone(&news))?);
        Ok(Arc::new(Self { place, news, alone: true }))
    }

    /// How many transactions there were; commits that wait at the same time share one.
    pub fn transactions(&self) -> u64 {
        self.news.transactions()
    }

    async fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        match &self.place {
            Place::File(file) => file.read(read).await,
            Place::Memory(memory) => memory.read(read),
        }
    }

    async fn read_many<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.place {
            Place::File(file) => file.read_many(read).await,
            Place::Memory(memory) => memory.read(read),
        }
    }
}

impl Backend for SqliteBackend {
    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.read(move |connection| read::get(connection, collection, id)).boxed()
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        claim: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.read(move |connection| read::get_by_unique_key(connection, collection, &claim)).boxed()
    }

    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        self.read_many(move |connection| read::range(connection, &query)).boxed()
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), WriteError>> {
        match &self.place {
            Place::File(file) => file.commit(write).boxed(),
            Place::Memory(memory) => async { memory.commit(write) }.boxed(),
        }
    }

    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>> {
        match &self.place {
            Place::File(file) => file.outbox(after, limit).boxed(),
            Place::Memory(memory) => {
                async move { memory.read(|connection| read::outbox(connection, after, limit)) }.boxed()
            }
        }
    }

    fn outbox_changed(&self) -> BoxFuture<'_, ()> {
        self.news.grew().boxed()
    }

    fn mark_published(&self, seqs: Vec<u64>) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            match &self.place {
                Place::File(file) => file.mark_published(seqs),
                Place::Memory(memory) => memory.mark_published(&seqs),
            }
        }
        .boxed()
    }

    fn revision(&self, collection: &'static str) -> Option<u64> {
        self.alone.then(|| self.news.revision(collection))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        match &self.place {
            Place::File(file) => file.check().boxed(),
            Place::Memory(memory) => async { memory.read(read::check) }.boxed(),
        }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        match &self.place {
            Place::File(file) => file.close().boxed(),
            Place::Memory(memory) => async { memory.close() }.boxed(),
        }
    }
}
