//! Buses that a test controls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bus::{Bus, BusError, Delivery, Lagged};
use common::Envelope;
use common::event::Subject;
use futures::future::{BoxFuture, FutureExt, ready};
use futures::stream::{BoxStream, StreamExt, iter, pending};
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// A bus that records published events and answers as configured.
#[derive(Default)]
pub(crate) struct RecordingBus {
    published: Mutex<Vec<(u128, u64)>>,
    unacknowledged: Mutex<Vec<oneshot::Sender<()>>>,
    /// Blocks publishers until [`RecordingBus::acknowledge`].
    pub(crate) blocks: AtomicBool,
    /// Refuses the events of this order.
    pub(crate) refuses: Mutex<Option<u128>>,
    /// Refuses every event.
    pub(crate) down: AtomicBool,
}

impl RecordingBus {
    /// The order and version of each event published, refused or not, since the last call.
    pub(crate) fn published(&self) -> Vec<(u128, u64)> {
        std::mem::take(&mut self.published.lock())
    }

    /// Acknowledges the first unacknowledged event.
    pub(crate) fn acknowledge(&self) {
        let first = self.unacknowledged.lock().remove(0);
        first.send(()).expect("the relay waits for it");
    }
}

impl Bus for RecordingBus {
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        async move {
            let order = event.aggregate.as_u128();
            self.published.lock().push((order, event.version));
            let refused = *self.refuses.lock() == Some(order);
            if refused || self.down.load(Ordering::Relaxed) {
                return Err(BusError("switched off".to_owned()));
            }
            if self.blocks.load(Ordering::Relaxed) {
                let (acknowledge, acknowledged) = oneshot::channel();
                self.unacknowledged.lock().push(acknowledge);
                acknowledged.await.map_err(|_| BusError("gone".to_owned()))?;
            }
            Ok(())
        }
        .boxed()
    }

    fn subscribe(&self, _: &'static str, _: &'static [Subject]) -> BoxStream<'static, Delivery> {
        pending().boxed()
    }

    fn live(&self, _: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>> {
        pending().boxed()
    }
}

type Ack = Box<dyn FnOnce() + Send>;

/// Delivers the given events, each with its number of deliveries, to the first subscription.
pub(crate) struct ScriptedBus {
    given: Mutex<Vec<Delivery>>,
    acknowledged: Arc<AtomicUsize>,
}

impl ScriptedBus {
    pub(crate) fn new(given: impl IntoIterator<Item = (Arc<Envelope>, u64)>) -> Self {
        Self::of(given, |(event, deliveries), ack| Delivery::new(event, deliveries, ack))
    }

    /// Delivers these messages once each.
    pub(crate) fn receiving(payloads: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self::of(payloads, |payload, ack| Delivery::received(payload.into(), 1, ack))
    }

    fn of<T>(given: impl IntoIterator<Item = T>, deliver: impl Fn(T, Ack) -> Delivery) -> Self {
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let given = given.into_iter().map(|given| {
            let acknowledged = Arc::clone(&acknowledged);
            deliver(given, Box::new(move || _ = acknowledged.fetch_add(1, Ordering::Relaxed)))
        });
        Self { given: Mutex::new(given.collect()), acknowledged }
    }

    /// The number of acknowledged events.
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::Relaxed)
    }
}

impl Bus for ScriptedBus {
    fn publish(&self, _: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        ready(Ok(())).boxed()
    }

    fn subscribe(&self, _: &'static str, _: &'static [Subject]) -> BoxStream<'static, Delivery> {
        let given = std::mem::take(&mut *self.given.lock());
        iter(given).chain(pending()).boxed()
    }

    fn live(&self, _: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>> {
        pending().boxed()
    }
}
