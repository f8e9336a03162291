//! A bus that loses the deliveries of some events, to one consumer or to all.

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

/// The losses of a bus. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Losses(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The subjects that are lost at present.
    subjects: HashSet<Subject>,
    /// The consumer that loses them; `None`: every one.
    consumer: Option<&'static str>,
    lost: usize,
    published: Vec<Subject>,
    subscriptions: Vec<(&'static str, Subject)>,
}

impl Losses {
    /// Losses of this consumer alone.
    pub(super) fn of(consumer: Option<&'static str>) -> Self {
        Self(Arc::new(Mutex::new(State { consumer, ..State::default() })))
    }

    pub(super) fn begin(&self, subject: Subject) {
        self.0.lock().subjects.insert(subject);
    }

    pub(super) fn end(&self, subject: Subject) {
        self.0.lock().subjects.remove(&subject);
    }

    /// The number of lost deliveries.
    pub(super) fn lost(&self) -> usize {
        self.0.lock().lost
    }

    /// The subjects of the events published since the last call, in order.
    pub(super) fn published(&self) -> Vec<Subject> {
        std::mem::take(&mut self.0.lock().published)
    }

    /// Every consumer with each of its subjects.
    pub(super) fn subscriptions(&self) -> Vec<(&'static str, Subject)> {
        self.0.lock().subscriptions.clone()
    }

    fn loses(&self, consumer: &'static str, subject: Subject) -> bool {
        let mut state = self.0.lock();
        let loses = state.subjects.contains(&subject) && state.consumer.is_none_or(|one| one == consumer);
        state.lost += usize::from(loses);
        loses
    }
}

pub(super) struct LossyBus {
    pub(super) bus: LocalBus,
    pub(super) losses: Losses,
}

impl Bus for LossyBus {
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        self.losses.0.lock().published.push(event.subject());
        self.bus.publish(event)
    }

    fn subscribe(
        &self,
        consumer: &'static str,
        subjects: &'static [Subject],
    ) -> BoxStream<'static, Delivery> {
        let losses = self.losses.clone();
        losses.0.lock().subscriptions.extend(subjects.iter().map(|subject| (consumer, *subject)));
        let arrives = move |delivery: Delivery| {
            let is_lost = delivery.envelope().is_some_and(|event| losses.loses(consumer, event.subject()));
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
