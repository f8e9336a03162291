//! Connections that read beside the writer.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::error::{closed, store_error};
use super::{admission, open};
use crate::StoreError;

/// At most so many read at once: reads are short, and each connection has its own page cache.
const MOST_READERS: u32 = 4;

/// The connections.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
}

impl Readers {
    /// Connections to the database at `path`, opened as they are needed.
    pub(super) fn new(path: PathBuf) -> Self {
        let places = Arc::new(Semaphore::new(MOST_READERS as usize));
        Self { path, idle: Mutex::default(), places }
    }

    /// Reads a few rows on a connection that nobody else uses at the moment, in the calling thread: that takes some
    /// microseconds, less than handing the work to another thread and coming back. At most as many do so at once as
    /// the runtime has threads, and none of them ever waits for the writer.
    pub(super) async fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let _place = admission::place(&self.places).await?;
        self.read_now(read).map_err(|error| store_error(&error))
    }

    /// The same for a read of many rows, on the runtime's blocking pool.
    pub(super) async fn read_many<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let place = admission::place(&self.places).await?;
        let readers = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let result = readers.read_now(read);
            drop(place);
            result
        });
        reading.await.map_err(|_| closed())?.map_err(|error| store_error(&error))
    }

    fn read_now<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let idle = self.idle().pop();
        let connection = idle.map_or_else(|| open::reader(&self.path), Ok)?;
        let result = read(&connection);
        self.idle().push(connection);
        result
    }

    /// Lets the reads that have begun finish, and closes the connections.
    pub(super) async fn close(&self) {
        // Fails if somebody has closed them before.
        let all = self.places.acquire_many(MOST_READERS).await;
        self.places.close();
        drop(all);
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock()
    }
}
