//! A database in memory with faults on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::{BoxFuture, FutureExt};
use store::sqlite::SqliteBackend;
use store::{Backend, CommitError, Intercept, OutboxEntry, StoreError, Write};

/// A database that can withhold changes of its outbox, refuse commits, or show an entry late.
pub(crate) struct Database {
    inner: Arc<SqliteBackend>,
    pub(crate) silent: AtomicBool,
    pub(crate) refuses: AtomicBool,
    pub(crate) hides_first: AtomicBool,
}

impl Database {
    pub(crate) fn new() -> Self {
        let inner = SqliteBackend::in_memory().expect("a database");
        let (silent, refuses, hides_first) = Default::default();
        Self { inner, silent, refuses, hides_first }
    }
}

impl Intercept for Database {
    fn inner(&self) -> &dyn Backend {
        &*self.inner
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        if self.refuses.load(Ordering::Relaxed) {
            return async { Err(StoreError::Unavailable("switched off".to_owned()).into()) }.boxed();
        }
        self.inner.commit(write)
    }

    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>> {
        // The first entry of a database has the lowest sequence number.
        let after = if self.hides_first.load(Ordering::Relaxed) { after.max(1) } else { after };
        self.inner.outbox(after, limit)
    }

    fn outbox_changed(&self) -> BoxFuture<'_, ()> {
        if self.silent.load(Ordering::Relaxed) {
            return futures::future::pending().boxed();
        }
        self.inner.outbox_changed()
    }
}
