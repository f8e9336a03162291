//! The machine's clock.

use futures::future::{BoxFuture, FutureExt};

use super::Clock;
use crate::Time;

/// The machine's clock. Sleeps follow tokio's timer and look at the wall clock again when they wake, so that a
/// clock that was set back does not end them early.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
    fn now(&self) -> Time {
        jiff::Timestamp::now().into()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
    fn sleep_until(&self, moment: Time) -> BoxFuture<'static, ()> {
        let clock = *self;
        async move {
            loop {
                let left = moment - clock.now();
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left).await;
            }
        }
        .boxed()
    }
}
