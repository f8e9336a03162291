//! What happens to orders, for the buyers who watch theirs.

use std::collections::HashMap;
use std::sync::Arc;

use bus::{Bus, Lagged};
use common::event::{OrderSnapshot, OrderStatus, Subject};
use common::{Envelope, Event, OrderId};
use futures::stream::{BoxStream, Stream, StreamExt, unfold};
use parking_lot::{Mutex, MutexGuard};
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

/// How many changes of one order wait for a slow reader: more than an order has states. Who lies further behind is
/// shown the present state instead.
const MOST_BEHIND: usize = 8;

/// What readers are told.
#[derive(Clone)]
enum News {
    /// It has changed.
    Change(OrderSnapshot),
    /// It may have changed.
    Gap,
}

/// The changes of orders as they happen. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Feed {
    /// By the orders that somebody watches.
    readers: Arc<Mutex<HashMap<OrderId, Sender<News>>>>,
}

impl Feed {
    /// A feed that hears of changes from now on, once its worker runs.
    pub(crate) fn new(bus: &dyn Bus) -> (Self, Worker) {
        let feed = Self::default();
        let (teller, events) = (feed.clone(), bus.live(SUBJECTS));
        let run = move |stop: CancellationToken| async move {
            stop.run_until_cancelled(teller.tell_all(events)).await;
        };
        // Readers wait for it, so that nobody else need.
        (feed, Worker::new("live-orders", run, || async { true }))
    }

    /// Joins those who watch an order. Joined before the order is read, no change falls in between.
    pub(crate) fn join(&self, id: OrderId) -> Joined {
        let mut readers = self.readers();
        // Who has hung up is noticed here, so that there are never more entries than streams were open at once.
        readers.retain(|_, sender| sender.receiver_count() > 0);
        let news = readers.entry(id).or_insert_with(|| Sender::new(MOST_BEHIND)).subscribe();
        Joined(news)
    }

    async fn tell_all(self, mut events: BoxStream<'static, Result<Arc<Envelope>, Lagged>>) {
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => self.tell(&event.event),
                Err(Lagged) => {
                    for sender in self.readers().values() {
                        // Fails if the last reader has just hung up.
                        let _ = sender.send(News::Gap);
                    }
                }
            }
        }
    }

    fn tell(&self, event: &Event) {
        if let Event::OrderCreated(order)
        | Event::OrderAwaitingPayment(order)
        | Event::OrderPaymentAccepted(order)
        | Event::OrderCompleted(order)
        | Event::OrderCancelled(order) = event
            && let Some(sender) = self.readers().get(&order.id)
        {
            let _ = sender.send(News::Change(order.clone()));
        }
    }

    fn readers(&self) -> MutexGuard<'_, HashMap<OrderId, Sender<News>>> {
        self.readers.lock()
    }
}

/// Somebody who watches an order.
pub(crate) struct Joined(Receiver<News>);

impl Joined {
    /// The order as it was read, then each change of it, to its end.
    pub(crate) fn follow(
        self,
        order: &Order,
        orders: Collection<Order>,
    ) -> impl Stream<Item = OrderSnapshot> + Send + use<> {
        let follower = Follower { news: self.0, orders, next: Some(order.snapshot()), shown: None };
        unfold(follower, async |mut follower| Some((follower.next().await?, follower)))
    }
}

struct Follower {
    news: Receiver<News>,
    orders: Collection<Order>,
    /// The next state, unless it was shown.
    next: Option<OrderSnapshot>,
    /// What was shown last.
    shown: Option<(OrderId, u64, OrderStatus)>,
}

impl Follower {
    async fn next(&mut self) -> Option<OrderSnapshot> {
        loop {
            if self.shown.is_some_and(|(_, _, status)| is_final(status)) {
                return None;
            }
            let shown = self.shown.map_or(0, |(_, version, _)| version);
            if let Some(order) = self.next.take().filter(|order| order.version > shown) {
                self.shown = Some((order.id, order.version, order.status));
                return Some(order);
            }
            self.next = match self.news.recv().await {
                Ok(News::Change(order)) => Some(order),
                // If the database is away, the stream ends, and whoever comes again is shown the present state.
                Ok(News::Gap) | Err(RecvError::Lagged(_)) => {
                    let (id, ..) = self.shown?;
                    self.orders.get(id).await.ok()?.map(|order| order.snapshot())
                }
                Err(RecvError::Closed) => return None,
            };
        }
    }
}

/// Whether nothing more can happen.
pub(crate) const fn is_final(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Complete | OrderStatus::Cancelled)
}
