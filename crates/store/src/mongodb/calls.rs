//! What every call to the server is held to: a bounded number at once, and a bounded time.

use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge};
use mongodb::error::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::error::{closed, store_error};
use crate::StoreError;

/// The longest that a call may take, waiting for a connection included.
pub(super) const CALL: Duration = Duration::from_secs(10);

/// How many callers are served at once; those that find no free connection wait for one.
const MOST_CALLERS: usize = 512;

/// The answer to a call, if it comes in time.
pub(super) async fn call<T>(
    limit: Duration,
    work: impl IntoFuture<Output = Result<T, Error>>,
) -> Result<T, StoreError> {
    timely(limit, work).await?.map_err(|error| store_error(&error))
}

/// The same, with the driver's own words.
pub(super) async fn timely<T>(
    limit: Duration,
    work: impl IntoFuture<Output = Result<T, Error>>,
) -> Result<Result<T, Error>, StoreError> {
    let answer = tokio::time::timeout(limit, work.into_future()).await;
    answer.map_err(|_| StoreError::Unavailable(format!("it did not answer within {} s", limit.as_secs())))
}

/// The places for callers. More callers are refused at once: they can come again, while waiting costs memory, and
/// whoever waits in a long line is gone before the turn comes.
pub(super) struct Callers {
    database: String,
    places: Arc<Semaphore>,
}

impl Callers {
    pub(super) fn new(database: String) -> Self {
        Self { database, places: Arc::new(Semaphore::new(MOST_CALLERS)) }
    }

    /// A place for one caller.
    pub(super) fn admit(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Ok(place),
            Err(TryAcquireError::Closed) => Err(closed()),
            Err(TryAcquireError::NoPermits) => {
                counter!("store_calls_rejected_total", "database" => self.database.clone()).increment(1);
                Err(StoreError::Unavailable("it has more to do than it can".into()))
            }
        }
    }

    /// Whether callers are admitted at all.
    pub(super) fn are_welcome(&self) -> Result<(), StoreError> {
        if self.places.is_closed() { Err(closed()) } else { Ok(()) }
    }

    /// Publishes how many callers there are.
    pub(super) fn measure(&self) {
        let callers = MOST_CALLERS.saturating_sub(self.places.available_permits());
        #[expect(clippy::cast_precision_loss, reason = "there are a few hundred at most")]
        gauge!("store_calls_in_flight", "database" => self.database.clone()).set(callers as f64);
    }

    /// Admits nobody any more.
    pub(super) fn close(&self) {
        self.places.close();
    }
}
