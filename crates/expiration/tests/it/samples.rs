//! Things to test with.

use std::time::Duration;

use common::event::{CancelReason, OrderSnapshot, OrderStatus, OrderedTicket};
use common::{Currency, Event, Money, OrderId, Time};
use expiration::domain::{Deadline, Status};
use runtime::ServiceContext;
use runtime::testing::START;
use uuid::Uuid;

pub(crate) const HOLD: Duration = Duration::from_mins(15);

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
            id: Uuid::from_u128(3).into(),
            title: "A concert".into(),
            price: Money { amount: 2500, currency: Currency::Usd },
        },
        status: OrderStatus::Created,
        cancel_reason: None,
        refunded: None,
        dispute: None,
        expires_at: start().after(hold),
        version: 1,
        created_at: start(),
        updated_at: start(),
    }
}

pub(crate) fn created(id: OrderId, hold: Duration) -> Event {
    Event::OrderCreated(held(id, hold))
}

pub(crate) fn cancelled(id: OrderId, hold: Duration) -> Event {
    let (status, cancel_reason) = (OrderStatus::Cancelled, Some(CancelReason::ByBuyer));
    Event::OrderCancelled(OrderSnapshot { status, cancel_reason, version: 2, ..held(id, hold) })
}

/// What is stored about the deadline of this order.
pub(crate) async fn status(context: &ServiceContext, id: OrderId) -> Option<Status> {
    let deadline: Option<Deadline> = context.store.collection().get(id).await.expect("a database");
    deadline.map(|deadline| deadline.status)
}
