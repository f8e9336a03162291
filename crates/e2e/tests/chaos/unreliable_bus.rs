//! A bus that loses deliveries for good, and delivers passed deadlines late, as if expiration had been unavailable. With the pivot step disabled, payments
//! receives the acceptance of a payment as soon as it is authorized, whatever the state of its order.

use std::collections::{HashMap, HashSet};
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
use uuid::Uuid;

use crate::coverage::{self, Coverage};

const MAX_DELAY_MILLIS: u32 = 3_000;

/// Of so many deliveries one is lost.
const LOST_ONCE_IN: u32 = 40;

pub(crate) struct UnreliableBus {
    bus: Arc<LocalBus>,
    clock: SimClock,
    rng: Rng,
    has_pivot_step: bool,
    losses: Losses,
    /// Orders as they were published last.
    orders: Mutex<HashMap<OrderId, OrderSnapshot>>,
    /// Acceptances that no order has published.
    forged: broadcast::Sender<Arc<Envelope>>,
}

/// The deliveries that are lost. Cheap to clone; clones share the state.
#[derive(Clone)]
pub(crate) struct Losses(Arc<LossesInner>);

struct LossesInner {
    rng: Rng,
    coverage: Coverage,
    is_faultless: AtomicBool,
    /// Whether a later event of the same aggregate and subject arrives. Without that no republication helps.
    passes_republished: bool,
    lost: Mutex<HashSet<(&'static str, Uuid, Subject)>>,
}

impl Losses {
    pub(crate) fn new(rng: Rng, coverage: &Coverage, passes_republished: bool) -> Self {
        let (coverage, is_faultless) = (coverage.clone(), AtomicBool::new(false));
        Self(Arc::new(LossesInner {
            rng,
            coverage,
            is_faultless,
            passes_republished,
            lost: Mutex::default(),
        }))
    }

    /// From now on no further event is lost.
    pub(crate) fn end(&self) {
        self.0.is_faultless.store(true, Ordering::SeqCst);
    }

    /// Whether the consumer never receives this delivery, although the bus has it acknowledged.
    fn loses(&self, consumer: &'static str, event: &Envelope) -> bool {
        let inner = &self.0;
        let key = (consumer, event.aggregate, event.subject());
        if !inner.passes_republished && inner.lost.lock().contains(&key) {
            return true;
        }
        if inner.is_faultless.load(Ordering::SeqCst) || inner.rng.below(LOST_ONCE_IN) > 0 {
            return false;
        }
        inner.coverage.record(coverage::lost(event.subject()));
        inner.lost.lock().insert(key)
    }
}

impl UnreliableBus {
    pub(crate) fn new(clock: SimClock, rng: Rng, losses: Losses, has_pivot_step: bool) -> Self {
        let (bus, forged) = (Arc::default(), broadcast::Sender::new(1024));
        Self { bus, clock, rng, has_pivot_step, losses, orders: Mutex::default(), forged }
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

impl Bus for UnreliableBus {
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
        let losses = self.losses.clone();
        let arrives = move |delivery: Delivery| {
            let is_lost = delivery.envelope().is_some_and(|event| losses.loses(consumer, event));
            if is_lost {
                delivery.ack();
                return ready(None);
            }
            ready(Some(delivery))
        };
        let events = self.bus.subscribe(consumer, subjects).filter_map(arrives).boxed();
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
