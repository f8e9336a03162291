//! A bus that delivers what the test gives it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bus::{Bus, BusError, Delivery, Lagged};
use common::Envelope;
use common::event::Subject;
use futures::future::{BoxFuture, FutureExt, ready};
use futures::stream::{BoxStream, StreamExt, iter, pending};
use parking_lot::Mutex;

/// Delivers the given events, each with how often it has come, to whoever subscribes first.
pub(crate) struct GivenBus {
    given: Mutex<Vec<Delivery>>,
    acknowledged: Arc<AtomicUsize>,
}

impl GivenBus {
    pub(crate) fn new(given: impl IntoIterator<Item = (Arc<Envelope>, u64)>) -> Self {
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let deliver = |(event, times)| {
            let acknowledged = Arc::clone(&acknowledged);
            Delivery::new(event, times, move || {
                acknowledged.fetch_add(1, Ordering::Relaxed);
            })
        };
        Self { given: Mutex::new(given.into_iter().map(deliver).collect()), acknowledged }
    }

    /// How many of them are done.
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::Relaxed)
    }
}

impl Bus for GivenBus {
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
