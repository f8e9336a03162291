//! A bus that the test plays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bus::{Bus, BusError, Delivery, Lagged};
use common::Envelope;
use common::event::Subject;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{BoxStream, StreamExt};
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// A bus that notes what is published and answers as the test tells it.
#[derive(Default)]
pub(crate) struct NotingBus {
    heard: Mutex<Vec<(u128, u64)>>,
    waiting: Mutex<Vec<oneshot::Sender<()>>>,
    /// Keeps publishers waiting until [`NotingBus::acknowledge`].
    pub(crate) holds: AtomicBool,
    /// Refuses the events of this order.
    pub(crate) refuses: Mutex<Option<u128>>,
    /// Refuses every event.
    pub(crate) down: AtomicBool,
}

impl NotingBus {
    /// The order and version of what was published, refused or not, since this was last called.
    pub(crate) fn heard(&self) -> Vec<(u128, u64)> {
        std::mem::take(&mut self.heard.lock())
    }

    /// Acknowledges what waits longest.
    pub(crate) fn acknowledge(&self) {
        let first = self.waiting.lock().remove(0);
        first.send(()).expect("the relay waits for it");
    }
}

impl Bus for NotingBus {
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        async move {
            let order = event.aggregate.as_u128();
            self.heard.lock().push((order, event.version));
            let refused = *self.refuses.lock() == Some(order);
            if refused || self.down.load(Ordering::Relaxed) {
                return Err(BusError("switched off".to_owned()));
            }
            if self.holds.load(Ordering::Relaxed) {
                let (acknowledge, acknowledged) = oneshot::channel();
                self.waiting.lock().push(acknowledge);
                acknowledged.await.map_err(|_| BusError("gone".to_owned()))?;
            }
            Ok(())
        }
        .boxed()
    }

    fn subscribe(&self, _: &'static str, _: &'static [Subject]) -> BoxStream<'static, Delivery> {
        futures::stream::pending().boxed()
    }

    fn live(&self, _: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>> {
        futures::stream::pending().boxed()
    }
}
