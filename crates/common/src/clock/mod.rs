//! The clock, injected everywhere.

mod sim;
mod system;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

pub use sim::SimClock;
pub use system::SystemClock;

use crate::Time;

/// A source of the time, and of sleeps.
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> Time;

    /// Resolves at `moment`.
    fn sleep_until(&self, moment: Time) -> BoxFuture<'static, ()>;

    /// Resolves after `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sleep_until(self.now().after(duration))
    }
}

/// The clock of a process.
pub type SharedClock = Arc<dyn Clock>;
