//! The bus within one process. It keeps nothing itself: an event stays in its outbox until every consumer has
//! acknowledged it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use common::Envelope;
use common::event::Subject;
use futures::future::{BoxFuture, FutureExt, join_all};
use futures::stream::{BoxStream, StreamExt, poll_fn};
use tokio::sync::{mpsc, oneshot};

use crate::{Bus, BusError, Delivery};

/// How many deliveries wait for one consumer; then publishing to it waits. Relays bound what is on its way, so
/// this need only be large enough to keep a consumer busy.
const MOST_QUEUED: usize = 256;

/// Delivers within the process.
///
/// A consumer that has once been [expected](Self::expect) or subscribed is never forgotten: while it does not
/// listen, publishing its subjects fails and the events stay in their outboxes. An event on whose subject nobody is
/// expected is done at once, so expect or subscribe every consumer before the first relay runs.
#[derive(Default)]
pub struct LocalBus {
    seats: RwLock<HashMap<Subject, Vec<Seat>>>,
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
        let mut seats = self.seats.write().unwrap_or_else(PoisonError::into_inner);
        for subject in subjects {
            let at_subject = seats.entry(*subject).or_default();
            match at_subject.iter_mut().find(|seat| seat.consumer == consumer) {
                Some(seat) => seat.queue = queue.cloned().or(seat.queue.take()),
                None => at_subject.push(Seat { consumer, queue: queue.cloned() }),
            }
        }
    }

    fn consumers(&self, subject: Subject) -> Vec<&'static str> {
        let seats = self.seats.read().unwrap_or_else(PoisonError::into_inner);
        seats.get(&subject).into_iter().flatten().map(|seat| seat.consumer).collect()
    }

    /// The queue of a consumer, if it listens.
    fn queue(&self, consumer: &'static str, subject: Subject) -> Option<mpsc::Sender<Delivery>> {
        let seats = self.seats.read().unwrap_or_else(PoisonError::into_inner);
        let seat = seats.get(&subject)?.iter().find(|seat| seat.consumer == consumer)?;
        seat.queue.clone().filter(|queue| !queue.is_closed())
    }

    /// Delivers to one consumer until it acknowledges; fails as soon as it does not listen.
    async fn deliver(&self, consumer: &'static str, event: &Arc<Envelope>) -> Result<(), BusError> {
        while let Some(queue) = self.queue(consumer, event.subject()) {
            let (ack, acked) = oneshot::channel();
            let delivery = Delivery::new(Arc::clone(event), move || {
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
}
