//! A bounded number of places, and a bounded wait for one: what overload meets instead of growing memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::error::closed;
use crate::StoreError;

/// Longer than any burst takes to drain, shorter than anybody waits for a page.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// A place, as soon as one is free.
pub(super) async fn place(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, StoreError> {
    match Arc::clone(places).try_acquire_owned() {
        Ok(place) => return Ok(place),
        Err(TryAcquireError::Closed) => return Err(closed()),
        Err(TryAcquireError::NoPermits) => {}
    }
    match tokio::time::timeout(LONGEST_WAIT, Arc::clone(places).acquire_owned()).await {
        Ok(place) => place.map_err(|_| closed()),
        Err(_) => Err(StoreError::Unavailable("it has more to do than it can".into())),
    }
}
