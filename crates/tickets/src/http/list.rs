//! `GET /api/tickets`

use axum::extract::State;
use common::event::TicketStatus;
use common::http::responses::{InvalidPage, NotModified};
use common::http::{Listing, PageQuery, Query};
use common::{Currency, FieldError, Problem};

use super::page_cache::CachedPage;
use super::response::TicketView;
use crate::Tickets;
use crate::search::{Criteria, Prices, Sort, Words};

/// The tickets on sale that match, newest first or in another order.
///
/// All parameters can be combined. A search scans a bounded number of tickets at a time: if few match, a page may have
/// fewer than `limit` items, or none, although `next` leads to more. On the last page `next` is `null`.
#[utoipa::path(
    get,
    path = "/api/tickets",
    tag = "tickets",
    params(
        ("q" = Option<String>, Query, max_length = 200,
            description = "Up to 16 words, each of which begins a word of title or venue, regardless of case and accents."),
        ("minPrice" = Option<i64>, Query, minimum = 0, description = "In minor units of `currency`."),
        ("maxPrice" = Option<i64>, Query, minimum = 0, description = "In minor units of `currency`."),
        ("currency" = Option<Currency>, Query, description = "USD by default, if a price is given."),
        ("sort" = Option<String>, Query,
            description = "`newest` (default), `price-asc`, `price-desc` (by currency, then by amount) or `soonest` (by \
                `startsAt`; tickets without one come last)."),
        ("status" = Option<String>, Query, description = "`available` (default) or `reserved`."),
        ("limit" = Option<u8>, Query, description = "The page size; 20 by default.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses(
        (status = 200, description = "A page.", body = Listing<TicketView>),
        NotModified,
        InvalidPage,
    ),
)]
pub(super) async fn list(
    State(tickets): State<Tickets>,
    query: Query,
    page: PageQuery,
) -> Result<CachedPage, Problem> {
    let query = ListQuery::parse(&query, &page)?;
    // The revision is read first: a change in between makes the page newer than its revision, which at worst wastes the
    // cached page. The other order would cache an outdated page.
    let revision = tickets.store.revision();
    if let Some(page) = tickets.pages.get(revision, &query) {
        return Ok(page);
    }
    let found = query.criteria.find(&tickets.store, query.after.clone(), query.limit).await?;
    let items = found.items.iter().map(TicketView::from).collect();
    let page = CachedPage::new(&Listing::new(&query.criteria.list_name(), items, found.next))?;
    tickets.pages.put(revision, query, &page);
    Ok(page)
}

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
    fn parse(query: &Query, page: &PageQuery) -> Result<Self, Problem> {
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
