//! In which order tickets are listed.

use common::event::TicketStatus;
use store::{Part, Range};

use super::{Criteria, Prices};
use crate::documents::{BY_PRICE, BY_START, BY_STATUS, word};

/// In which order tickets are listed. Those that are equal stand in the order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Order {
    /// The newest first.
    Newest,
    /// The cheapest first. Amounts of different currencies cannot be compared, so tickets of several currencies stand
    /// currency by currency, in the order of their codes.
    PriceAscending,
    /// The dearest first: [`Order::PriceAscending`] read backwards.
    PriceDescending,
    /// What begins next first; what does not say when it begins comes last.
    Soonest,
}

impl Order {
    /// The order of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "newest" => Some(Self::Newest),
            "price-asc" => Some(Self::PriceAscending),
            "price-desc" => Some(Self::PriceDescending),
            "soonest" => Some(Self::Soonest),
            _ => None,
        }
    }
}

impl Criteria {
    /// A part of an index that holds all that is wanted, in its order, and as little else as the index allows.
    pub(super) fn range(&self) -> Range {
        let status: Part = word(self.status).into();
        match self.order {
            Order::Newest => Range::of(BY_STATUS, [status]).descending(),
            Order::Soonest => Range::of(BY_START, [status]),
            Order::PriceAscending => by_price(self.status, self.prices),
            Order::PriceDescending => by_price(self.status, self.prices).descending(),
        }
    }
}

fn by_price(status: TicketStatus, prices: Option<Prices>) -> Range {
    let status = || Part::from(word(status));
    let Some(Prices { currency, least, most }) = prices else { return Range::of(BY_PRICE, [status()]) };
    let currency = || Part::from(currency.code());
    Range::of(BY_PRICE, [status(), currency()]).at_least([status(), currency(), least.into()]).at_most([
        status(),
        currency(),
        most.into(),
    ])
}
