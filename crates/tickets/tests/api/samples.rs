//! Sample data of the domain.

use common::event::{OrderSnapshot, OrderStatus, OrderedTicket};
use common::{Currency, Money, OrderId, TicketId, Time, UserId};
use tickets::domain::{Offer, Price, Ticket, Title};
use uuid::Uuid;

pub(crate) const SELLER: u128 = 1;
pub(crate) const BUYER: u128 = 2;
pub(crate) const STRANGER: u128 = 3;

pub(crate) fn user(number: u128) -> UserId {
    Uuid::from_u128(number).into()
}

pub(crate) fn order_id(number: u128) -> OrderId {
    Uuid::from_u128(number).into()
}

pub(crate) fn ticket_id() -> TicketId {
    Uuid::from_u128(7).into()
}

pub(crate) fn at(seconds: i64) -> Time {
    Time::from_millis(seconds * 1_000)
}

pub(crate) fn usd(amount: i64) -> Money {
    Money { amount, currency: Currency::Usd }
}

pub(crate) fn offer(title: &str, price: Money) -> Offer {
    let title = Title::parse(title).expect("a title");
    let price = Price::parse(price).expect("a price");
    Offer { title, venue: None, starts_at: Some(at(1_000)), description: None, price }
}

/// Listed at second 10 for 25 dollars.
pub(crate) fn listed() -> Ticket {
    Ticket::list(ticket_id(), user(SELLER), offer("concert", usd(2_500)), at(10)).expect("listed").next
}

pub(crate) fn order(number: u128, buyer: u128, price: Money) -> OrderSnapshot {
    OrderSnapshot {
        id: order_id(number),
        user_id: user(buyer),
        ticket: OrderedTicket {
            id: ticket_id(),
            title: "concert".into(),
            price,
            seller_id: None,
            venue: None,
            starts_at: None,
        },
        status: OrderStatus::Created.into(),
        cancel_reason: None,
        refunded: None,
        dispute: None,
        expires_at: at(900),
        version: 1,
        created_at: at(20),
        updated_at: at(20),
        overdue: false,
    }
}
