//! Sample data.

use std::time::Duration;

use common::event::{PaymentSnapshot, PaymentStatus, TicketSnapshot, TicketStatus};
use common::{Currency, Money, OrderId, PaymentId, TicketId, Time, UserId};
use uuid::Uuid;

/// How long a ticket is held in these tests: shorter than a session lives.
pub(crate) const HOLD: Duration = Duration::from_mins(5);

pub(crate) fn usd(amount: i64) -> Money {
    Money { amount, currency: Currency::Usd }
}

/// An id that is the same in every run.
pub(crate) fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(0x0192_f0c0_7c1e_7e3a_8000_0000_0000_0000 + number).into()
}

pub(crate) fn seller() -> UserId {
    id(1)
}

pub(crate) fn buyer() -> UserId {
    id(2)
}

pub(crate) fn noon() -> Time {
    "2026-11-22T12:00:00Z".parse().expect("a time")
}

/// An available ticket at version 1 for 25 dollars.
pub(crate) fn ticket(id: TicketId, seller_id: UserId) -> TicketSnapshot {
    TicketSnapshot {
        id,
        title: "A concert".into(),
        venue: None,
        starts_at: None,
        description: None,
        price: usd(2500),
        seller_id,
        status: TicketStatus::Available.into(),
        order_id: None,
        reserved_until: None,
        version: 1,
        created_at: noon(),
        updated_at: noon(),
        overdue: false,
    }
}

/// The same ticket one version on.
pub(crate) fn then(
    ticket: &TicketSnapshot,
    status: TicketStatus,
    order_id: Option<OrderId>,
) -> TicketSnapshot {
    TicketSnapshot { status: status.into(), order_id, version: ticket.version + 1, ..ticket.clone() }
}

pub(crate) fn payment(order_id: OrderId, status: PaymentStatus) -> PaymentSnapshot {
    PaymentSnapshot {
        id: id::<PaymentId>(900),
        order_id,
        status: status.into(),
        amount: usd(2500),
        authorized_at: None,
        refunded: None,
        dispute: None,
        version: 1,
        created_at: noon(),
        updated_at: noon(),
        overdue: false,
    }
}
