//! Finding tickets: what is asked for, and how it is found.

mod find;
mod order;
mod words;

pub(crate) use find::find;
pub(crate) use order::Order;
pub(crate) use words::Words;

use common::event::TicketStatus;
use common::{Currency, Money};

use crate::domain::{Ticket, Venue};

/// What somebody looks for: equal ones find the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Criteria {
    /// Of this status.
    pub(crate) status: TicketStatus,
    /// In this order.
    pub(crate) order: Order,
    /// With these words.
    pub(crate) words: Words,
    /// At these prices.
    pub(crate) prices: Option<Prices>,
}

/// Prices in one currency, between inclusive bounds in its minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Prices {
    pub(crate) currency: Currency,
    pub(crate) least: i64,
    pub(crate) most: i64,
}

impl Criteria {
    /// Names the list of what is found in its cursors, with everything that decides what stands where.
    pub(crate) fn list_name(&self) -> String {
        let Self { status, order, words, prices } = self;
        format!("tickets/{status:?}/{order:?}/{prices:?}/{words}")
    }

    /// Whether every ticket of the status is wanted.
    fn takes_all(&self) -> bool {
        self.words.is_empty() && self.prices.is_none()
    }

    /// Whether a ticket of the status is wanted.
    fn takes(&self, ticket: &Ticket) -> bool {
        let offer = &ticket.offer;
        let venue = offer.venue.as_ref().map_or("", Venue::as_str);
        self.prices.is_none_or(|prices| prices.take(offer.price.money()))
            && self.words.fit([offer.title.as_str(), venue])
    }
}

impl Prices {
    fn take(self, price: Money) -> bool {
        price.currency == self.currency && (self.least..=self.most).contains(&price.amount)
    }
}
