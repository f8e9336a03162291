//! What carries the events. The news of deadlines is late, as if expiration had been away. And the fence may be missing:
//! then payments is told that a payment was accepted as soon as it is authorized, whatever its order says.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, Delivery, Lagged, LocalBus};
use common::clock::SimClock;
use common::event::{OrderSnapshot, OrderStatus, Subject};
use common::{Clock, Envelope, Event, OrderId};
use futures::future::BoxFuture;
use futures::stream::{BoxStream, select};
use futures::{FutureExt, StreamExt};
use parking_lot::Mutex;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::dice::Dice;

/// By how much the news of a deadline is late at most, in milliseconds.
const LATEST: u32 = 3_000;

pub(crate) struct LateBus {
    bus: Arc<LocalBus>,
    clock: SimClock,
    dice: Dice,
    fence: bool,
    /// Orders, as they were announced last.
    orders: Mutex<HashMap<OrderId, OrderSnapshot>>,
    /// What no order has said.
    said: broadcast::Sender<Arc<Envelope>>,
}

impl LateBus {
    pub(crate) fn new(clock: SimClock, dice: Dice, fence: bool) -> Self {
        let (bus, said) = (Arc::default(), broadcast::Sender::new(1024));
        Self { bus, clock, dice, fence, orders: Mutex::default(), said }
    }

    fn listen(&self, event: &Envelope) {
        let mut orders = self.orders.lock();
        match &event.event {
            Event::OrderCreated(order)
            | Event::OrderAwaitingPayment(order)
            | Event::OrderPaymentAccepted(order)
            | Event::OrderCompleted(order)
            | Event::OrderCancelled(order) => drop(orders.insert(order.id, order.clone())),
            Event::PaymentAuthorized(payment) => {
                if let Some(order) = orders.get(&payment.order_id) {
                    // Nobody listens before payments has subscribed; then nothing is authorized either.
                    let _ = self.said.send(Arc::new(accepted(order, event)));
                }
            }
            _ => {}
        }
    }
}

/// What the order would have said next, had it accepted the payment.
fn accepted(order: &OrderSnapshot, because_of: &Envelope) -> Envelope {
    let version = order.version + 1;
    let order = OrderSnapshot { status: OrderStatus::Paying, version, ..order.clone() };
    let (aggregate, event) = (order.id.into(), Event::OrderPaymentAccepted(order));
    Envelope { schema: event.subject().schema(), aggregate, version, event, ..because_of.clone() }
}

impl Bus for LateBus {
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        if !self.fence {
            self.listen(&event);
        }
        if event.subject() != Subject::ExpirationCompleted {
            return self.bus.publish(event);
        }
        let late = self.clock.sleep(Duration::from_millis(u64::from(self.dice.roll(LATEST))));
        let bus = Arc::clone(&self.bus);
        async move {
            late.await;
            bus.publish(event).await
        }
        .boxed()
    }

    fn subscribe(
        &self,
        consumer: &'static str,
        subjects: &'static [Subject],
    ) -> BoxStream<'static, Delivery> {
        let events = self.bus.subscribe(consumer, subjects);
        if consumer != payments::NAME || !subjects.contains(&Subject::OrderPaymentAccepted) {
            return events;
        }
        let said = futures::stream::unfold(self.said.subscribe(), async |mut said| {
            loop {
                match said.recv().await {
                    Ok(event) => return Some((Delivery::new(event, 1, || {}), said)),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        });
        select(events, said.boxed()).boxed()
    }

    fn live(&self, subjects: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>> {
        self.bus.live(subjects)
    }
}
