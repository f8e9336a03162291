//! Real time: a load generator and a bench measure it.

use std::time::{Duration, Instant};

/// Real time since a moment.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins now.
    #[expect(clippy::disallowed_methods, reason = "measures real time")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// A moment after this one.
    #[must_use]
    pub fn after(self, offset: Duration) -> Self {
        Self(self.0 + offset)
    }

    /// The time since the moment; zero before it.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// The time since the moment in milliseconds.
    pub fn millis(&self) -> f64 {
        self.elapsed().as_secs_f64() * 1000.0
    }

    /// The rate of so many since the moment.
    #[expect(clippy::cast_precision_loss, reason = "no bench counts that far")]
    pub fn per_second(&self, count: usize) -> f64 {
        count as f64 / self.elapsed().as_secs_f64()
    }

    /// Blocks the thread until the moment, to some 0.1 ms. The timers of tokio are ten times coarser.
    #[expect(clippy::disallowed_methods, reason = "measures real time")]
    pub(crate) fn block_until(&self) {
        std::thread::sleep(self.0.saturating_duration_since(Instant::now()));
    }
}

/// Waits in real time.
#[expect(clippy::disallowed_methods, reason = "measures real time")]
pub async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
