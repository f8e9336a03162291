//! The sort orders of the public list.

use common::event::TicketStatus;
use store::{Part, Range};

use super::{Criteria, Prices};
use crate::storage::{index, status_name};

/// A sort order of tickets; equal ones are sorted by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Sort {
    /// The newest first.
    Newest,
    /// The cheapest first. Amounts of different currencies cannot be compared, so tickets are sorted by the currency's
    /// code first.
    PriceAscending,
    /// [`Sort::PriceAscending`] reversed.
    PriceDescending,
    /// The earliest start first; tickets without one come last.
    Soonest,
}

impl Sort {
    /// The sort order of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
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
    /// The range of an index that holds all tickets that match, sorted, and as few others as the index allows.
    pub(super) fn range(&self) -> Range {
        let status: Part = status_name(self.status).into();
        match self.sort {
            Sort::Newest => Range::of(index::BY_STATUS, [status]).descending(),
            Sort::Soonest => Range::of(index::BY_START, [status]),
            Sort::PriceAscending => by_price(self.status, self.prices),
            Sort::PriceDescending => by_price(self.status, self.prices).descending(),
        }
    }
}

fn by_price(status: TicketStatus, prices: Option<Prices>) -> Range {
    let status = || Part::from(status_name(status));
    let Some(Prices { currency, least, most }) = prices else {
        return Range::of(index::BY_PRICE, [status()]);
    };
    let currency = || Part::from(currency.code());
    Range::of(index::BY_PRICE, [status(), currency()])
        .at_least([status(), currency(), least.into()])
        .at_most([status(), currency(), most.into()])
}
