//! A bus that delivers passed deadlines late, as if expiration had been unavailable. With the pivot step disabled, payments
//! receives the acceptance of a payment as soon as it is authorized, whatever the state of its order.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, Delivery, Lagged, LocalBus};
use common::clock::SimClock;
use common::event::{OrderSnapshot, OrderStatus, Subject};
use common::{Clock, Envelope, Event, OrderId};
use e2e::Rng;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, select};
use futures::{FutureExt, StreamExt};
use parking_lot::Mutex;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

const MAX_DELAY_MILLIS: u32 = 3_000;

pub(crate) struct LateBus {
    bus: Arc<LocalBus>,
    clock: SimClock,
    rng: Rng,
    has_pivot_step: bool,
    /// Orders as they were published last.
    orders: Mutex<HashMap<OrderId, OrderSnapshot>>,
    /// Acceptances that no order has published.
    forged: broadcast::Sender<Arc<Envelope>>,
}

impl LateBus {
    pub(crate) fn new(clock: SimClock, rng: Rng, has_pivot_step: bool) -> Self {
        let (bus, forged) = (Arc::default(), broadcast::Sender::new(1024));
        Self { bus, clock, rng, has_pivot_step, orders: Mutex::default(), forged }
    }

    fn forge_acceptance(&self, event: &Envelope) {
        let mut orders = self.orders.lock();
        match &event.event {
            Event::OrderCreated(order)
            | Event::OrderAwaitingPayment(order)
            | Event::OrderPaymentAccepted(order)
            | Event::OrderCompleted(order)
            | Event::OrderCancelled(order) => drop(orders.insert(order.id, order.clone())),
            Event::PaymentAuthorized(payment) => {
                if let Some(order) = orders.get(&payment.order_id) {
                    // Without a subscription of payments there is no receiver, and no authorization either.
                    let _ = self.forged.send(Arc::new(accepted(order, event)));
                }
            }
            _ => {}
        }
    }
}

/// The event that the order would have published next, had it accepted the payment.
fn accepted(order: &OrderSnapshot, cause: &Envelope) -> Envelope {
    let version = order.version + 1;
    let order = OrderSnapshot { status: OrderStatus::Paying.into(), version, ..order.clone() };
    let (aggregate, event) = (order.id.into(), Event::OrderPaymentAccepted(order));
    Envelope { schema: event.subject().schema(), aggregate, version, event, ..cause.clone() }
}

impl Bus for LateBus {
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        if !self.has_pivot_step {
            self.forge_acceptance(&event);
        }
        if event.subject() != Subject::ExpirationCompleted {
            return self.bus.publish(event);
        }
        let late = self.clock.sleep(Duration::from_millis(u64::from(self.rng.below(MAX_DELAY_MILLIS))));
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
        let forged = futures::stream::unfold(self.forged.subscribe(), async |mut forged| {
            loop {
                match forged.recv().await {
                    Ok(event) => return Some((Delivery::new(event, 1, || {}), forged)),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        });
        select(events, forged.boxed()).boxed()
    }

    fn live(&self, subjects: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>> {
        self.bus.live(subjects)
    }
}
