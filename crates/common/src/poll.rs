//! Waiting a moment for what another service has just announced.

use std::time::Duration;

/// How often to look.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Looks again and again until there is something to see, or until `timeout` has passed; looks at least once.
///
/// This waits in real time, not on the injected clock: it bridges the few milliseconds that an event is on its way,
/// which no simulated clock shortens.
///
/// # Errors
/// The first error of a look.
#[expect(clippy::disallowed_methods, reason = "see above: the wait is not part of any decision")]
pub async fn poll_until<T, E, L>(timeout: Duration, mut read: impl FnMut() -> L) -> Result<Option<T>, E>
where
    L: Future<Output = Result<Option<T>, E>>,
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
