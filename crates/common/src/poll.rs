//! Polling for data that another service has just published.

use std::time::Duration;

use crate::Backoff;

/// Between two polls: an event of the same process arrives within a millisecond or two, one of another process later.
const POLL_BACKOFF: Backoff = Backoff { first: Duration::from_millis(1), max: Duration::from_millis(16) };

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
    let mut polls = 0;
    loop {
        let found = read().await?;
        if found.is_some() || tokio::time::Instant::now() >= deadline {
            return Ok(found);
        }
        polls += 1;
        tokio::time::sleep(POLL_BACKOFF.without_jitter(polls)).await;
    }
}
