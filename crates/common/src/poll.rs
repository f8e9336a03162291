//! Polling for data that another service has just published.

use std::time::Duration;

/// The delay between two polls.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Polls `read` until it returns a value or `timeout` has passed; polls at least once.
///
/// Waits in real time, not on the injected clock: the wait bridges the milliseconds of an event's delivery, which no
/// simulated clock shortens, and no decision depends on it.
///
/// # Errors
/// The first error of `read`.
#[expect(clippy::disallowed_methods, reason = "a wait in real time, see above")]
pub async fn poll_until<T, E, F>(timeout: Duration, mut read: impl FnMut() -> F) -> Result<Option<T>, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    let deadline = tokio::time::Instant::now() + timeout;
    loop {
        let found = read().await?;
        if found.is_some() || tokio::time::Instant::now() >= deadline {
            return Ok(found);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
