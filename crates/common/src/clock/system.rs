//! The machine's clock.

use futures::future::{BoxFuture, FutureExt};

use super::Clock;
use crate::Time;

/// The machine's clock. Sleeps use tokio's timer and check the wall clock when they wake, so that a clock that was set
/// back does not end them early.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the clock that is injected everywhere else")]
    fn now(&self) -> Time {
        jiff::Timestamp::now().into()
    }

    #[expect(clippy::disallowed_methods, reason = "the clock that is injected everywhere else")]
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
