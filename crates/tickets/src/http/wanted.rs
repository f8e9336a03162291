//! The query of the public list.

use common::event::TicketStatus;
use common::http::{PageQuery, Query};
use common::{Currency, FieldError, Problem};

use crate::search::{Criteria, Order, Prices, Words};

/// Which page is wanted, with everything that decides what stands on it: equal ones get equal bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    pub(super) criteria: Criteria,
    pub(super) limit: usize,
    pub(super) after: Option<Vec<u8>>,
}

impl Wanted {
    /// Reads the query.
    ///
    /// # Errors
    /// 400 names every parameter that cannot be meant; or the cursor is another list's.
    pub(super) fn parse(query: &Query, page: &PageQuery) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let criteria = criteria(query, &mut faults);
        let criteria = criteria.filter(|_| faults.is_empty()).ok_or_else(|| Problem::not_valid(faults))?;
        let after = page.after(&criteria.list_name())?;
        Ok(Self { criteria, limit: page.limit, after })
    }

    /// How long its texts are: they come from outside.
    pub(super) fn bytes(&self) -> usize {
        self.criteria.words.bytes() + self.after.as_ref().map_or(0, Vec::len)
    }
}

fn criteria(query: &Query, faults: &mut Vec<FieldError>) -> Option<Criteria> {
    let status = choice(query, "status", "available, reserved", faults, |name| match name {
        "available" => Some(TicketStatus::Available),
        "reserved" => Some(TicketStatus::Reserved),
        _ => None,
    });
    let order = choice(query, "sort", "newest, price-asc, price-desc, soonest", faults, Order::named);
    let prices = prices(query, faults);
    let words = Words::parse(query.get("q").unwrap_or_default())
        .map_err(|fault| faults.push(FieldError::new("q", fault.to_string())))
        .ok();
    Some(Criteria {
        status: status?.unwrap_or(TicketStatus::Available),
        order: order?.unwrap_or(Order::Newest),
        words: words?,
        prices,
    })
}

/// The prices that are wanted, if anything is said about them.
fn prices(query: &Query, faults: &mut Vec<FieldError>) -> Option<Prices> {
    let codes = Currency::ALL.map(Currency::code).join(", ");
    let currency = choice(query, "currency", &codes, faults, |code| code.parse().ok()).flatten();
    let (least, most) = (amount(query, "minPrice", faults), amount(query, "maxPrice", faults));
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        faults.push(FieldError::new("minPrice", "must not be more than `maxPrice`"));
    }
    if currency.is_none() && least.is_none() && most.is_none() {
        return None;
    }
    let currency = currency.unwrap_or(Currency::Usd);
    Some(Prices { currency, least: least.unwrap_or(0), most: most.unwrap_or(i64::MAX) })
}

/// One of several words. `None`: another one.
#[expect(clippy::option_option, reason = "the outer one tells faulty, the inner one absent")]
fn choice<T>(
    query: &Query,
    name: &str,
    all: &str,
    faults: &mut Vec<FieldError>,
    named: impl Fn(&str) -> Option<T>,
) -> Option<Option<T>> {
    let Some(word) = query.get(name) else { return Some(None) };
    let found = named(word);
    if found.is_none() {
        faults.push(FieldError::new(name, format!("must be one of {all}")));
    }
    found.map(Some)
}

fn amount(query: &Query, name: &str, faults: &mut Vec<FieldError>) -> Option<i64> {
    let text = query.get(name)?;
    let amount = text.parse().ok().filter(|amount| *amount >= 0);
    if amount.is_none() {
        faults.push(FieldError::new(name, "must be a whole number of the currency's minor units"));
    }
    amount
}
