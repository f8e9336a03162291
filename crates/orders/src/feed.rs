//! The live feed: the changes of an order, for the buyer who watches it.

use std::collections::HashMap;
use std::sync::Arc;

use bus::{Bus, Lagged};
use common::event::{OrderSnapshot, OrderStatus, Subject};
use common::{Envelope, Event, OrderId};
use futures::stream::{BoxStream, Stream, StreamExt, unfold};
use parking_lot::Mutex;
use runtime::Worker;
use store::Collection;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};
use tokio_util::sync::CancellationToken;

use crate::domain::Order;

/// Every change of an order.
const SUBJECTS: &[Subject] = &[
    Subject::OrderCreated,
    Subject::OrderAwaitingPayment,
    Subject::OrderPaymentAccepted,
    Subject::OrderCompleted,
    Subject::OrderCancelled,
];

/// Updates buffered for a slow reader: more than an order has states. A reader that lags further behind gets the
/// current state instead.
const MAX_BUFFERED: usize = 8;

#[derive(Clone)]
enum FeedUpdate {
    Changed(Box<OrderSnapshot>),
    /// Changes may have been lost.
    Gap,
}

/// The live changes of orders. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Feed {
    /// The channels of the orders that are watched.
    channels: Arc<Mutex<HashMap<OrderId, Sender<FeedUpdate>>>>,
}

impl Feed {
    /// A feed of the changes from now on, and the worker that publishes them.
    pub(crate) fn new(bus: &dyn Bus) -> (Self, Worker) {
        let feed = Self::default();
        let (publisher, events) = (feed.clone(), bus.live(SUBJECTS));
        let run = move |stop: CancellationToken| async move {
            stop.run_until_cancelled(publisher.publish_all(events)).await;
        };
        // Always idle: readers wait for the worker, other work does not.
        (feed, Worker::new("live-orders", run, || async { true }))
    }

    /// Subscribes to an order. Subscribe before reading the order, so that no change falls in between.
    pub(crate) fn subscribe(&self, id: OrderId) -> FeedReader {
        let mut channels = self.channels.lock();
        // Bounds the map by the number of streams that were open at once.
        channels.retain(|_, channel| channel.receiver_count() > 0);
        FeedReader(channels.entry(id).or_insert_with(|| Sender::new(MAX_BUFFERED)).subscribe())
    }

    async fn publish_all(self, mut events: BoxStream<'static, Result<Arc<Envelope>, Lagged>>) {
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => self.publish(&event.event),
                Err(Lagged) => {
                    for channel in self.channels.lock().values() {
                        // Fails if the last reader has just disconnected.
                        let _ = channel.send(FeedUpdate::Gap);
                    }
                }
            }
        }
    }

    fn publish(&self, event: &Event) {
        if let Event::OrderCreated(order)
        | Event::OrderAwaitingPayment(order)
        | Event::OrderPaymentAccepted(order)
        | Event::OrderCompleted(order)
        | Event::OrderCancelled(order) = event
            && let Some(channel) = self.channels.lock().get(&order.id)
        {
            let _ = channel.send(FeedUpdate::Changed(Box::new(order.clone())));
        }
    }
}

/// A subscription to one order.
pub(crate) struct FeedReader(Receiver<FeedUpdate>);

impl FeedReader {
    /// The order as it was read, then each later state, up to a final one.
    pub(crate) fn states(
        self,
        order: &Order,
        store: Collection<Order>,
    ) -> impl Stream<Item = OrderSnapshot> + Send + use<> {
        let states = States { updates: self.0, store, next: Some(order.snapshot()), last: None };
        unfold(states, async |mut states| Some((states.next().await?, states)))
    }
}

struct States {
    updates: Receiver<FeedUpdate>,
    store: Collection<Order>,
    /// The state to be sent next, if it is newer than `last`.
    next: Option<OrderSnapshot>,
    /// The state that was sent last, and whether it is final.
    last: Option<(OrderId, u64, bool)>,
}

impl States {
    async fn next(&mut self) -> Option<OrderSnapshot> {
        loop {
            if self.last.is_some_and(|(.., is_final)| is_final) {
                return None;
            }
            let last = self.last.map_or(0, |(_, version, _)| version);
            if let Some(order) = self.next.take().filter(|order| order.version > last) {
                let is_final = order.status.known().is_some_and(is_final);
                self.last = Some((order.id, order.version, is_final));
                return Some(order);
            }
            self.next = match self.updates.recv().await {
                Ok(FeedUpdate::Changed(order)) => Some(*order),
                // Without the database the stream ends; a client that reconnects gets the current state.
                Ok(FeedUpdate::Gap) | Err(RecvError::Lagged(_)) => {
                    let (id, ..) = self.last?;
                    self.store.get(id).await.ok()?.map(|order| order.snapshot())
                }
                Err(RecvError::Closed) => return None,
            };
        }
    }
}

/// Whether no other state follows.
pub(crate) const fn is_final(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Complete | OrderStatus::Cancelled)
}
