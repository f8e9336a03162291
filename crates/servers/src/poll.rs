//! Waiting for another process, with a bound.

use std::thread;
use std::time::{Duration, Instant};

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks until there is something to see, or patience ends.
#[expect(
    clippy::disallowed_methods,
    reason = "another process lives in real time, and tells nobody when it is ready or gone"
)]
pub fn until<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if start.elapsed() > patience {
            return None;
        }
        thread::sleep(PAUSE);
    }
}
