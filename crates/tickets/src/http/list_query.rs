//! The query of a page of the public list.

use common::event::TicketStatus;
use common::http::{PageQuery, Query};
use common::{Currency, FieldError, Problem};

use crate::search::{Criteria, Prices, Sort, Words};

/// The query of a page: equal ones get equal bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ListQuery {
    pub(super) criteria: Criteria,
    pub(super) limit: usize,
    pub(super) after: Option<Vec<u8>>,
}

impl ListQuery {
    /// Parses a query.
    ///
    /// # Errors
    /// 400 with an error for each invalid parameter, or for the cursor of another list.
    pub(super) fn parse(query: &Query, page: &PageQuery) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let criteria = criteria(query, &mut errors);
        let criteria = criteria.filter(|_| errors.is_empty()).ok_or_else(|| Problem::not_valid(errors))?;
        let after = page.after(&criteria.list_name())?;
        Ok(Self { criteria, limit: page.limit, after })
    }

    /// The length of the texts, which callers choose.
    pub(super) fn bytes(&self) -> usize {
        self.criteria.words.bytes() + self.after.as_ref().map_or(0, Vec::len)
    }
}

fn criteria(query: &Query, errors: &mut Vec<FieldError>) -> Option<Criteria> {
    let status = choice(query, "status", "available, reserved", errors, |name| match name {
        "available" => Some(TicketStatus::Available),
        "reserved" => Some(TicketStatus::Reserved),
        _ => None,
    });
    let sort = choice(query, "sort", "newest, price-asc, price-desc, soonest", errors, Sort::parse);
    let prices = prices(query, errors);
    let words = Words::parse(query.get("q").unwrap_or_default())
        .map_err(|error| errors.push(FieldError::new("q", error.to_string())))
        .ok();
    Some(Criteria {
        status: status?.unwrap_or(TicketStatus::Available),
        sort: sort?.unwrap_or(Sort::Newest),
        words: words?,
        prices,
    })
}

/// The bounds of the price, if a parameter is about prices.
fn prices(query: &Query, errors: &mut Vec<FieldError>) -> Option<Prices> {
    let codes = Currency::ALL.map(Currency::code).join(", ");
    let currency = choice(query, "currency", &codes, errors, |code| code.parse().ok()).flatten();
    let (least, most) = (amount(query, "minPrice", errors), amount(query, "maxPrice", errors));
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        errors.push(FieldError::new("minPrice", "must not be more than `maxPrice`"));
    }
    if currency.is_none() && least.is_none() && most.is_none() {
        return None;
    }
    let currency = currency.unwrap_or(Currency::Usd);
    Some(Prices { currency, least: least.unwrap_or(0), most: most.unwrap_or(i64::MAX) })
}

/// Parses one of several names. Returns `None` for another name, `Some(None)` without one.
#[expect(clippy::option_option, reason = "the outer one is about validity, the inner one about presence")]
fn choice<T>(
    query: &Query,
    parameter: &str,
    all: &str,
    errors: &mut Vec<FieldError>,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<Option<T>> {
    let Some(name) = query.get(parameter) else { return Some(None) };
    let found = parse(name);
    if found.is_none() {
        errors.push(FieldError::new(parameter, format!("must be one of {all}")));
    }
    found.map(Some)
}

fn amount(query: &Query, parameter: &str, errors: &mut Vec<FieldError>) -> Option<i64> {
    let text = query.get(parameter)?;
    let amount = text.parse().ok().filter(|amount| *amount >= 0);
    if amount.is_none() {
        errors.push(FieldError::new(parameter, "must be a whole number of the currency's minor units"));
    }
    amount
}
