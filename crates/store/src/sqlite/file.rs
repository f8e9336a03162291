//! A database in a file: one thread writes, several connections read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::apply::Outcome;
use super::error::closed;
use super::news::News;
use super::open::Guard;
use super::readers::Readers;
use super::writer::Writer;
use super::{OpenError, open, read};
use crate::{OutboxEntry, StoreError, Write};

/// The connections to one file.
#[derive(Debug)]
pub(super) struct FileDatabase {
    readers: Arc<Readers>,
    writer: Writer,
    news: Arc<News>,
}

impl FileDatabase {
    /// Opens the file, makes it if it is missing, and starts the writer.
    pub(super) fn open(path: &Path, news: Arc<News>) -> Result<Self, OpenError> {
        let (path, guard) = open::lock(path)?;
        Self::start(path, Some(guard), news)
    }

    /// Opens the file although another process may have it open, and starts a second writer.
    pub(super) fn open_beside(path: &Path, news: Arc<News>) -> Result<Self, OpenError> {
        let absolute = std::path::absolute(path);
        let path = absolute.map_err(|cause| OpenError::Folder { path: path.to_owned(), cause })?;
        Self::start(path, None, news)
    }

    fn start(path: PathBuf, guard: Option<Guard>, news: Arc<News>) -> Result<Self, OpenError> {
        let connection = open::writer(&path)?;
        let writer = Writer::start(connection, guard, Arc::clone(&news))
            .map_err(|cause| OpenError::Thread { path: path.clone(), cause })?;
        Ok(Self { readers: Arc::new(Readers::new(path)), writer, news })
    }

    /// For a few rows: see [`Readers::read`].
    pub(super) async fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.readers.read(read).await
    }

    /// For many rows: see [`Readers::read_many`].
    pub(super) async fn read_many<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read_many(read).await
    }

    pub(super) async fn commit(&self, write: Write) -> Outcome {
        self.writer.commit(write).await
    }

    /// Entries whose rows still wait for their removal are left out, so that `sent` is seen at once.
    pub(super) async fn outbox(&self, after: u64, limit: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        // Asked before the read: a row that is gone from this set by then is gone from the database as well.
        let sent = self.news.sent_after(after);
        let rows = limit.saturating_add(sent.len());
        let mut entries = self.readers.read(move |connection| read::outbox(connection, after, rows)).await?;
        entries.retain(|entry| !sent.contains(&entry.seq));
        entries.truncate(limit);
        Ok(entries)
    }

    pub(super) fn mark_published(&self, seqs: Vec<u64>) -> Result<(), StoreError> {
        self.writer.mark_published(seqs)
    }

    pub(super) async fn check(&self) -> Result<(), StoreError> {
        if !self.writer.is_open() {
            return Err(closed());
        }
        self.readers.read(read::check).await
    }

    /// The readers go first, so that the writer is the last connection and leaves one file behind.
    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
