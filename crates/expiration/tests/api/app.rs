//! The harness: the expiration service on its real bus, and samples of orders.

use std::collections::BTreeSet;
use std::time::Duration;

use common::clock::SimClock;
use common::event::{CancelReason, DeadlinePassed, OrderSnapshot, OrderStatus, OrderedTicket};
use common::{Currency, Envelope, Event, Money, OrderId, Time};
use expiration::domain::{Deadline, Status};
use runtime::ServiceContext;
use runtime::testing::{START, TestService};
use uuid::Uuid;

pub(crate) const HOLD: Duration = Duration::from_mins(15);

pub(crate) struct TestApp {
    pub(crate) service: TestService,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self { service: TestService::start(expiration::service).await }
    }

    /// On a database that has a past.
    pub(crate) async fn start_on(clock: SimClock, context: ServiceContext) -> Self {
        let service = expiration::service(&context);
        Self { service: TestService::start_on(clock, context, service, None).await }
    }

    /// Delivers an event of an order by the bus.
    pub(crate) async fn deliver(&self, order: OrderId, event: Event) {
        let event = self.service.envelope(order.into(), 1, event);
        assert!(self.service.deliver(event).await);
    }

    /// The events published since the last call.
    pub(crate) async fn published(&self) -> Vec<Envelope> {
        self.service.published().await
    }

    /// The orders whose deadlines expired since the last call; none twice.
    pub(crate) async fn expired(&self) -> BTreeSet<OrderId> {
        let published = self.published().await;
        let orders: BTreeSet<_> = published
            .iter()
            .map(|event| match &event.event {
                Event::ExpirationCompleted(DeadlinePassed { order_id, .. }) => *order_id,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(orders.len(), published.len(), "a deadline was published twice");
        orders
    }

    /// The status of an order's deadline, if one is stored.
    pub(crate) async fn status(&self, id: OrderId) -> Option<Status> {
        let deadline: Option<Deadline> =
            self.service.context.store.collection().get(id).await.expect("a database");
        deadline.map(|deadline| deadline.status)
    }
}

/// Stores so many deadlines, one millisecond apart, the first of them due after `hold`.
pub(crate) async fn schedule(context: &ServiceContext, hold: Duration, count: u64) {
    for number in 0..count {
        let order = held(order_id(number.into()), hold + Duration::from_millis(number));
        let decision = Deadline::schedule(None, &order, start()).expect("scheduled");
        context.store.collection().commit(decision).await.expect("committed");
    }
}

pub(crate) fn start() -> Time {
    START.parse().expect("a time")
}

pub(crate) fn order_id(number: u128) -> OrderId {
    Uuid::from_u128(0x0192_f0c0_7c1e_7e3a_8000_0000_0000_0000 + number).into()
}

/// An order that was placed at [`START`] and is held for so long.
pub(crate) fn held(id: OrderId, hold: Duration) -> OrderSnapshot {
    OrderSnapshot {
        id,
        user_id: Uuid::from_u128(2).into(),
        ticket: OrderedTicket {
            seller_id: None,
            venue: None,
            starts_at: None,
            id: Uuid::from_u128(3).into(),
            title: "A concert".into(),
            price: Money { amount: 2500, currency: Currency::Usd },
        },
        status: OrderStatus::Created.into(),
        cancel_reason: None,
        refunded: None,
        dispute: None,
        expires_at: start().after(hold),
        version: 1,
        created_at: start(),
        updated_at: start(),
        overdue: false,
    }
}

pub(crate) fn created(id: OrderId, hold: Duration) -> Event {
    Event::OrderCreated(held(id, hold))
}

pub(crate) fn cancelled(id: OrderId, hold: Duration) -> Event {
    let (status, cancel_reason) = (OrderStatus::Cancelled.into(), Some(CancelReason::ByBuyer.into()));
    Event::OrderCancelled(OrderSnapshot { status, cancel_reason, version: 2, ..held(id, hold) })
}
