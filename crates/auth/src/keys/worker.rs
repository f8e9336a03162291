//! Rotates the keys.

use std::time::Duration;

use common::error_chain;
use runtime::Worker;

use super::Keyring;

/// How often the keys are read again: another replica may have made one, which signs a day later at the earliest.
const LOOK_EVERY: Duration = Duration::from_hours(1);
/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_secs(10);

/// Makes the next key in time and drops the oldest when it has served. Replicas may do so at once: see
/// [`Keyring::tend`].
pub(crate) fn worker(keyring: Keyring) -> Worker {
    let idle = keyring.clone();
    Worker::new(
        "signing-keys",
        move |stop| async move {
            loop {
                let look_again = keyring.0.clock.now().after(LOOK_EVERY);
                let next = match keyring.tend().await {
                    Ok(due) => due.unwrap_or(look_again).min(look_again),
                    Err(error) => {
                        tracing::warn!(error = error_chain(&error), "the signing keys could not be tended");
                        keyring.0.clock.now().after(PAUSE)
                    }
                };
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = keyring.0.clock.sleep_until(next) => {}
                }
            }
        },
        move || {
            let keyring = idle.clone();
            async move { keyring.is_tended().await.unwrap_or(false) }
        },
    )
}
