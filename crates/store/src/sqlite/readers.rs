//! Connections that read beside the writer, on the runtime's blocking pool.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

    /// Reads on a connection that nobody else uses at the moment.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let place = admission::place(&self.places).await?;
        let readers = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let idle = readers.idle().pop();
            let connection = idle.map_or_else(|| open::reader(&readers.path), Ok)?;
            let result = read(&connection);
            readers.idle().push(connection);
            drop(place);
            result
        });
        reading.await.map_err(|_| closed())?.map_err(|error| store_error(&error))
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
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
