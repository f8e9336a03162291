//! Limits of calls to the server: a bounded number in flight, and a timeout for each.

use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge};
use mongodb::error::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::error::store_error;
use crate::StoreError;

/// The timeout of a call, including the wait for a connection.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Calls beyond the free connections wait for one, so this bounds the memory that waiting takes.
const MAX_IN_FLIGHT: usize = 512;

/// The result of a call, if the server answers in time.
pub(super) async fn call<T>(
    timeout: Duration,
    call: impl IntoFuture<Output = Result<T, Error>>,
) -> Result<T, StoreError> {
    with_timeout(timeout, call).await?.map_err(|error| store_error(&error))
}

/// As [`call`], with the driver's own error.
pub(super) async fn with_timeout<T>(
    timeout: Duration,
    call: impl IntoFuture<Output = Result<T, Error>>,
) -> Result<Result<T, Error>, StoreError> {
    let answer = tokio::time::timeout(timeout, call.into_future()).await;
    answer.map_err(|_| StoreError::Unavailable(format!("no answer within {} s", timeout.as_secs())))
}

/// The permits for calls. Calls beyond the limit are rejected at once: clients can retry, while a long queue costs
/// memory and answers callers that have already timed out.
pub(super) struct ConcurrencyLimiter {
    database: String,
    permits: Arc<Semaphore>,
}

impl ConcurrencyLimiter {
    pub(super) fn new(database: String) -> Self {
        counter!("store_calls_rejected_total", "database" => database.clone()).increment(0);
        Self { database, permits: Arc::new(Semaphore::new(MAX_IN_FLIGHT)) }
    }

    /// A permit for one call.
    pub(super) fn acquire(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => Ok(permit),
            Err(TryAcquireError::Closed) => Err(StoreError::closed()),
            Err(TryAcquireError::NoPermits) => {
                counter!("store_calls_rejected_total", "database" => self.database.clone()).increment(1);
                Err(StoreError::overloaded())
            }
        }
    }

    /// Fails once the database is closed.
    pub(super) fn check_open(&self) -> Result<(), StoreError> {
        if self.permits.is_closed() { Err(StoreError::closed()) } else { Ok(()) }
    }

    /// Publishes the number of calls in flight.
    pub(super) fn measure(&self) {
        let in_flight = MAX_IN_FLIGHT.saturating_sub(self.permits.available_permits());
        #[expect(clippy::cast_precision_loss, reason = "there are a few hundred at most")]
        gauge!("store_calls_in_flight", "database" => self.database.clone()).set(in_flight as f64);
    }

    /// Rejects all further calls.
    pub(super) fn close(&self) {
        self.permits.close();
    }
}
