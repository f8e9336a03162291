//! Time as a parameter: what tells it, and what sleeps on it.

mod sim;
mod system;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

pub use sim::SimClock;
pub use system::SystemClock;

use crate::Time;

/// Tells the time and sleeps on it.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Time;

    /// Resolves once the clock shows `moment` or later.
    fn sleep_until(&self, moment: Time) -> BoxFuture<'static, ()>;

    /// Resolves after `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sleep_until(self.now().after(duration))
    }
}

/// The one clock that a process was started with.
pub type SharedClock = Arc<dyn Clock>;
