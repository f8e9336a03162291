//! Waiting a moment for what another service has just announced.

use std::time::Duration;

/// How often to look.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks again and again until there is something to see, or until `limit` has passed; looks at least once.
///
/// This waits in real time, not on the injected clock: it bridges the few milliseconds that an event is on its way,
/// which no simulated clock shortens.
///
/// # Errors
/// The first error of a look.
#[expect(clippy::disallowed_methods, reason = "see above: the wait is not part of any decision")]
pub async fn patiently<T, E, L>(limit: Duration, mut look: impl FnMut() -> L) -> Result<Option<T>, E>
where
    L: Future<Output = Result<Option<T>, E>>,
{
    let give_up = tokio::time::Instant::now() + limit;
    loop {
        let seen = look().await?;
        if seen.is_some() || tokio::time::Instant::now() >= give_up {
            return Ok(seen);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
