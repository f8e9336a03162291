//! Permits for concurrent work. Under overload a caller waits for a bounded time and is then rejected, instead of
//! growing memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::StoreError;

/// Longer than any burst takes to drain, shorter than a user waits for a page.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(2);

/// A fixed number of permits.
#[derive(Debug)]
pub(super) struct Permits {
    semaphore: Arc<Semaphore>,
    total: u32,
}

impl Permits {
    pub(super) fn new(total: u32) -> Self {
        Self { semaphore: Arc::new(Semaphore::new(total as usize)), total }
    }

    /// A permit, as soon as one is free.
    pub(super) async fn acquire(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        match Arc::clone(&self.semaphore).try_acquire_owned() {
            Ok(permit) => return Ok(permit),
            Err(TryAcquireError::Closed) => return Err(StoreError::closed()),
            Err(TryAcquireError::NoPermits) => {}
        }
        match tokio::time::timeout(PERMIT_TIMEOUT, Arc::clone(&self.semaphore).acquire_owned()).await {
            Ok(permit) => permit.map_err(|_| StoreError::closed()),
            Err(_) => Err(StoreError::overloaded()),
        }
    }

    /// Issues no more permits.
    pub(super) fn close(&self) {
        self.semaphore.close();
    }

    /// Waits until all permits are returned, and issues no more.
    pub(super) async fn drain(&self) {
        // Fails if the permits are closed already.
        let all = self.semaphore.acquire_many(self.total).await;
        self.close();
        drop(all);
    }
}
