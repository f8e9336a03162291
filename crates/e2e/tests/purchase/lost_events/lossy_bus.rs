//! A bus that loses the deliveries of some events.

use std::collections::HashSet;
use std::future::ready;
use std::sync::Arc;

use bus::{Bus, BusError, Delivery, Lagged, LocalBus};
use common::Envelope;
use common::event::Subject;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use parking_lot::Mutex;

/// The subjects that are lost at present, and the number of deliveries that were lost. Clones share both.
#[derive(Clone, Default)]
pub(super) struct Losses(Arc<Mutex<(HashSet<Subject>, usize)>>);

impl Losses {
    pub(super) fn begin(&self, subject: Subject) {
        self.0.lock().0.insert(subject);
    }

    pub(super) fn end(&self, subject: Subject) {
        self.0.lock().0.remove(&subject);
    }

    /// The number of lost deliveries.
    pub(super) fn lost(&self) -> usize {
        self.0.lock().1
    }

    fn loses(&self, subject: Subject) -> bool {
        let mut state = self.0.lock();
        let loses = state.0.contains(&subject);
        state.1 += usize::from(loses);
        loses
    }
}

pub(super) struct LossyBus {
    pub(super) bus: LocalBus,
    pub(super) losses: Losses,
}

impl Bus for LossyBus {
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        self.bus.publish(event)
    }

    fn subscribe(
        &self,
        consumer: &'static str,
        subjects: &'static [Subject],
    ) -> BoxStream<'static, Delivery> {
        let losses = self.losses.clone();
        let arrives = move |delivery: Delivery| {
            let is_lost = delivery.envelope().is_some_and(|event| losses.loses(event.subject()));
            let delivery = if is_lost {
                delivery.ack();
                None
            } else {
                Some(delivery)
            };
            ready(delivery)
        };
        self.bus.subscribe(consumer, subjects).filter_map(arrives).boxed()
    }

    fn live(&self, subjects: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>> {
        self.bus.live(subjects)
    }
}
