//! A bounded number of threads, and of the requests that wait for one.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Threads of the blocking pool. Cheap to clone.
#[derive(Clone)]
pub(super) struct Threads {
    /// Bounds the requests that wait or run.
    queue: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

/// The permit to use one thread once.
pub(super) struct Permit {
    _permits: [OwnedSemaphorePermit; 2],
}

impl Threads {
    /// At most `threads` requests run, and `max_queued` wait.
    pub(super) fn new(threads: usize, max_queued: usize) -> Self {
        let queue = Arc::new(Semaphore::new(threads + max_queued));
        Self { queue, threads: Arc::new(Semaphore::new(threads)) }
    }

    /// Waits for a thread. Returns `None` if the queue is full.
    pub(super) async fn permit(&self) -> Option<Permit> {
        let queued = Arc::clone(&self.queue).try_acquire_owned().ok()?;
        let thread = Arc::clone(&self.threads).acquire_owned().await.ok()?;
        Some(Permit { _permits: [queued, thread] })
    }
}
