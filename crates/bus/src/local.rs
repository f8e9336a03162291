//! The bus within one process. It keeps nothing itself: an event stays in its outbox until every consumer has
//! acknowledged it.

use std::collections::HashMap;
use std::future::ready;
use std::sync::Arc;

use common::Envelope;
use common::event::Subject;
use futures::future::{BoxFuture, FutureExt, join_all};
use futures::stream::{BoxStream, StreamExt, poll_fn, unfold};
use parking_lot::RwLock;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::{Bus, BusError, Delivery, Lagged};

/// How many deliveries wait for one consumer; then publishing to it waits. Relays bound what is on its way, so
/// this need only be large enough to keep a consumer busy.
const MOST_QUEUED: usize = 256;

/// How many events a live listener may lie behind before it misses some. They are shared, so this is memory for the
/// whole process, not for each listener.
const LIVE_BACKLOG: usize = 1024;

/// Delivers within the process.
///
/// A consumer that has once been [expected](Self::expect) or subscribed is never forgotten: while it does not
/// listen, publishing its subjects fails and the events stay in their outboxes. An event on whose subject nobody is
/// expected is done at once, so expect or subscribe every consumer before the first relay runs.
pub struct LocalBus {
    seats: RwLock<HashMap<Subject, Vec<Seat>>>,
    live: broadcast::Sender<Arc<Envelope>>,
}

impl Default for LocalBus {
    fn default() -> Self {
        Self { seats: RwLock::default(), live: broadcast::Sender::new(LIVE_BACKLOG) }
    }
}

/// The place of one consumer at one subject.
struct Seat {
    consumer: &'static str,
    queue: Option<mpsc::Sender<Delivery>>,
}

impl LocalBus {
    /// A bus without consumers.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on no event of these subjects is done before this consumer has acknowledged it.
    pub fn expect(&self, consumer: &'static str, subjects: &[Subject]) {
        self.seat(consumer, subjects, None);
    }

    fn seat(&self, consumer: &'static str, subjects: &[Subject], queue: Option<&mpsc::Sender<Delivery>>) {
        let mut seats = self.seats.write();
        for subject in subjects {
            let at_subject = seats.entry(*subject).or_default();
            match at_subject.iter_mut().find(|seat| seat.consumer == consumer) {
                Some(seat) => seat.queue = queue.cloned().or(seat.queue.take()),
                None => at_subject.push(Seat { consumer, queue: queue.cloned() }),
            }
        }
    }

    fn consumers(&self, subject: Subject) -> Vec<&'static str> {
        let seats = self.seats.read();
        seats.get(&subject).into_iter().flatten().map(|seat| seat.consumer).collect()
    }

    /// The queue of a consumer, if it listens.
    fn queue(&self, consumer: &'static str, subject: Subject) -> Option<mpsc::Sender<Delivery>> {
        let seats = self.seats.read();
        let seat = seats.get(&subject)?.iter().find(|seat| seat.consumer == consumer)?;
        seat.queue.clone().filter(|queue| !queue.is_closed())
    }

    /// Delivers to one consumer until it acknowledges; fails as soon as it does not listen.
    async fn deliver(&self, consumer: &'static str, event: &Arc<Envelope>) -> Result<(), BusError> {
        let mut times = 0;
        while let Some(queue) = self.queue(consumer, event.subject()) {
            times += 1;
            let (ack, acked) = oneshot::channel();
            let delivery = Delivery::new(Arc::clone(event), times, move || {
                // Nobody waits when the relay has been stopped; the event then comes again after the next start.
                let _ = ack.send(());
            });
            // A queue that closed meanwhile drops the delivery, which shows below as not acknowledged.
            let _ = queue.send(delivery).await;
            drop(queue);
            if acked.await.is_ok() {
                return Ok(());
            }
        }
        Err(BusError(format!("the consumer `{consumer}` does not listen")))
    }
}

impl Bus for LocalBus {
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        async move {
            // Fails if nobody listens.
            let _ = self.live.send(Arc::clone(&event));
            let consumers = self.consumers(event.subject());
            let deliveries = consumers.into_iter().map(|consumer| self.deliver(consumer, &event));
            join_all(deliveries).await.into_iter().collect()
        }
        .boxed()
    }

    fn subscribe(
        &self,
        consumer: &'static str,
        subjects: &'static [Subject],
    ) -> BoxStream<'static, Delivery> {
        let (queue, mut deliveries) = mpsc::channel(MOST_QUEUED);
        self.seat(consumer, subjects, Some(&queue));
        poll_fn(move |context| deliveries.poll_recv(context)).boxed()
    }

    fn live(&self, subjects: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>> {
        let everything = unfold(self.live.subscribe(), async |mut events| match events.recv().await {
            Ok(event) => Some((Ok(event), events)),
            Err(RecvError::Lagged(_)) => Some((Err(Lagged), events)),
            Err(RecvError::Closed) => None,
        });
        let wanted = |event: &Result<Arc<Envelope>, Lagged>| {
            event.as_ref().map_or(true, |event| subjects.contains(&event.subject()))
        };
        everything.filter(move |event| ready(wanted(event))).boxed()
    }
}
