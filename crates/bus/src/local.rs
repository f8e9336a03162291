//! The bus within one process. Nothing is stored here: an event stays in its outbox until every consumer has
//! acknowledged it.

use std::collections::HashMap;
use std::future::ready;
use std::sync::Arc;

use common::Envelope;
use common::event::Subject;
use futures::future::{BoxFuture, FutureExt, join_all};
use futures::stream::{BoxStream, StreamExt, poll_fn, unfold};
use metrics::{Counter, Gauge, counter, gauge};
use parking_lot::RwLock;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::port::{Bus, BusError, Delivery, Lagged};
use crate::stream::Stream;

/// Events of one service without the acknowledgement of every consumer. They are the memory of a consumer that is stuck,
/// which delays no other until there are so many; some 2 kilobytes each. Then the service's further events wait in its
/// outbox, for every consumer.
const MAX_IN_FLIGHT: usize = 32_768;

/// Events that a live listener may lag behind before it misses some. All listeners share them, so this bounds the
/// memory of the process.
const MAX_LIVE_BACKLOG: usize = 1024;

/// Delivers within the process. Each consumer has a queue of its own, so a consumer that is stuck delays only itself. The
/// relays bound the queues, by [`Bus::max_in_flight`].
///
/// A consumer that was once [expected](Self::expect) or subscribed stays registered: while it has no subscription,
/// publishing its subjects fails and the events stay in their outboxes. An event without registered consumers is done
/// at once, so expect or subscribe every consumer before the first relay runs.
pub struct LocalBus {
    registrations: RwLock<HashMap<Subject, Vec<Registration>>>,
    live: broadcast::Sender<Arc<Envelope>>,
}

impl Default for LocalBus {
    fn default() -> Self {
        Self { registrations: RwLock::default(), live: broadcast::Sender::new(MAX_LIVE_BACKLOG) }
    }
}

/// One consumer of one subject.
#[derive(Clone)]
struct Registration {
    consumer: &'static str,
    queue: Option<mpsc::UnboundedSender<Delivery>>,
    /// As JetStream reports it: unacknowledged events.
    lag: Gauge,
    redeliveries: Counter,
}

impl Registration {
    fn new(consumer: &'static str, subject: Subject, queue: Option<mpsc::UnboundedSender<Delivery>>) -> Self {
        let stream = Stream::of(subject).name();
        Self {
            consumer,
            queue,
            lag: gauge!("bus_consumer_lag", "consumer" => consumer, "stream" => stream),
            redeliveries: counter!("bus_redeliveries_total", "consumer" => consumer, "stream" => stream),
        }
    }
}

/// An unacknowledged event in the gauge of its consumer.
struct Unacknowledged(Gauge);

impl Unacknowledged {
    fn new(lag: Gauge) -> Self {
        lag.increment(1.0);
        Self(lag)
    }
}

impl Drop for Unacknowledged {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl LocalBus {
    /// A bus without consumers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a consumer: from now on each event of these subjects needs its acknowledgement.
    pub fn expect(&self, consumer: &'static str, subjects: &[Subject]) {
        self.register(consumer, subjects, None);
    }

    fn register(
        &self,
        consumer: &'static str,
        subjects: &[Subject],
        queue: Option<&mpsc::UnboundedSender<Delivery>>,
    ) {
        let mut registrations = self.registrations.write();
        for subject in subjects {
            let of_subject = registrations.entry(*subject).or_default();
            match of_subject.iter_mut().find(|registration| registration.consumer == consumer) {
                Some(registration) => registration.queue = queue.cloned().or(registration.queue.take()),
                None => of_subject.push(Registration::new(consumer, *subject, queue.cloned())),
            }
        }
    }

    fn consumers(&self, subject: Subject) -> Vec<Registration> {
        self.registrations.read().get(&subject).cloned().unwrap_or_default()
    }

    /// The queue of a consumer's present subscription.
    fn queue(&self, consumer: &'static str, subject: Subject) -> Option<mpsc::UnboundedSender<Delivery>> {
        let registrations = self.registrations.read();
        let mut of_subject = registrations.get(&subject)?.iter();
        let registration = of_subject.find(|registration| registration.consumer == consumer)?;
        registration.queue.clone().filter(|queue| !queue.is_closed())
    }

    /// Delivers to one consumer until the acknowledgement. Fails as soon as the consumer has no subscription.
    async fn deliver(&self, registration: Registration, event: &Arc<Envelope>) -> Result<(), BusError> {
        let Registration { consumer, lag, redeliveries, .. } = registration;
        let _unacknowledged = Unacknowledged::new(lag);
        let mut deliveries = 0;
        while let Some(queue) = self.queue(consumer, event.subject()) {
            deliveries += 1;
            if deliveries > 1 {
                redeliveries.increment(1);
            }
            let (ack, acked) = oneshot::channel();
            let delivery = Delivery::new(Arc::clone(event), deliveries, move || {
                // Fails after the relay was stopped; the event is then redelivered after the next start.
                let _ = ack.send(());
            });
            // A queue that closed meanwhile drops the delivery, so `acked` below fails.
            let _ = queue.send(delivery);
            drop(queue);
            if acked.await.is_ok() {
                return Ok(());
            }
        }
        Err(BusError(format!("the consumer `{consumer}` is not subscribed")))
    }
}

impl Bus for LocalBus {
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        async move {
            // Fails without live listeners.
            let _ = self.live.send(Arc::clone(&event));
            let consumers = self.consumers(event.subject());
            let deliveries = consumers.into_iter().map(|registration| self.deliver(registration, &event));
            join_all(deliveries).await.into_iter().collect()
        }
        .boxed()
    }

    fn max_in_flight(&self) -> usize {
        MAX_IN_FLIGHT
    }

    fn subscribe(
        &self,
        consumer: &'static str,
        subjects: &'static [Subject],
    ) -> BoxStream<'static, Delivery> {
        let (queue, mut deliveries) = mpsc::unbounded_channel();
        self.register(consumer, subjects, Some(&queue));
        poll_fn(move |context| deliveries.poll_recv(context)).boxed()
    }

    fn live(&self, subjects: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>> {
        let all = unfold(self.live.subscribe(), async |mut events| match events.recv().await {
            Ok(event) => Some((Ok(event), events)),
            Err(RecvError::Lagged(_)) => Some((Err(Lagged), events)),
            Err(RecvError::Closed) => None,
        });
        let is_wanted = |event: &Result<Arc<Envelope>, Lagged>| {
            event.as_ref().map_or(true, |event| subjects.contains(&event.subject()))
        };
        all.filter(move |event| ready(is_wanted(event))).boxed()
    }
}
