//! `GET /`: the tickets on sale.

use askama::Template;
use axum::extract::State;
use common::Currency;
use common::http::Query;
use http::StatusCode;

use super::PageResult;
use super::ticket_card::TicketCard;
use crate::client::Client;
use crate::form::FormErrors;
use crate::layout::Layout;
use crate::text::Texts;
use crate::visitor::Visitor;
use crate::{price, render};

/// A multiple of two, three and four, so that the last row of cards is full in every layout.
const PAGE_SIZE: usize = 24;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    layout: Layout,
    search: Search,
    errors: FormErrors,
    /// `None` while tickets is unavailable.
    cards: Option<Vec<TicketCard>>,
    /// The address of the next page.
    more: Option<String>,
}

/// The search form as typed.
#[derive(Default)]
struct Search {
    q: String,
    min_price: String,
    max_price: String,
    currency: String,
    sort: String,
    cursor: String,
}

/// Shows the tickets on sale, or the matches of a search.
pub(crate) async fn show(State(client): State<Client>, query: Query, visitor: Visitor) -> PageResult {
    let layout = Layout::of(&visitor);
    let search = Search::from_query(&query);
    let mut errors = FormErrors::none();
    let api_query = search.api_query(layout.t, &mut errors);
    if !errors.is_empty() {
        let page = HomePage { layout, search, errors, cards: Some(Vec::new()), more: None };
        return Ok(render::page(StatusCode::BAD_REQUEST, &page));
    }
    let (tickets, next) = client.api.list(&visitor.caller, &format!("/api/tickets?{api_query}")).await?;
    let more = next.map(|cursor| search.address(&cursor));
    let cards =
        tickets.map(|all| all.into_iter().map(|ticket| TicketCard::on_sale(layout.t, ticket)).collect());
    Ok(render::page(StatusCode::OK, &HomePage { layout, search, errors, cards, more }))
}

impl HomePage {
    /// The sort orders: API name and label.
    fn sorts(&self) -> [(&'static str, &'static str); 4] {
        let t = &self.layout.t.home;
        [
            ("newest", t.newest),
            ("soonest", t.soonest),
            ("price-asc", t.price_asc),
            ("price-desc", t.price_desc),
        ]
    }

    /// The address of the first page of the same search.
    fn first(&self) -> String {
        self.search.address("")
    }
}

impl Search {
    fn from_query(query: &Query) -> Self {
        let get = |name| query.get(name).unwrap_or_default().trim().to_owned();
        Self {
            q: get("q"),
            min_price: get("minPrice"),
            max_price: get("maxPrice"),
            currency: get("currency"),
            sort: get("sort"),
            cursor: get("cursor"),
        }
    }

    /// Whether the list is restricted or sorted.
    fn is_narrowed(&self) -> bool {
        !self.q.is_empty() || self.has_filters()
    }

    /// Whether more than the search words is set.
    fn has_filters(&self) -> bool {
        !(self.min_price.is_empty() && self.max_price.is_empty() && self.sort.is_empty())
    }

    /// The query for the API, with prices in minor units.
    fn api_query(&self, t: &Texts, errors: &mut FormErrors) -> String {
        let currency = if self.currency.is_empty() { Ok(Currency::Usd) } else { self.currency.parse() };
        let currency = currency.unwrap_or_else(|()| {
            errors.add("currency", t.ticket_form.not_a_currency);
            Currency::Usd
        });
        let mut bound = |field, text: &str| {
            if text.is_empty() {
                return String::new();
            }
            match price::parse(text, currency) {
                Ok(price) => price.amount.to_string(),
                Err(error) => {
                    errors.add(field, t.price_error(error));
                    String::new()
                }
            }
        };
        let min = bound("minPrice", &self.min_price);
        let max = bound("maxPrice", &self.max_price);
        let currency = if min.is_empty() && max.is_empty() { "" } else { currency.code() };
        let limit = PAGE_SIZE.to_string();
        query(&[
            ("limit", &limit),
            ("q", &self.q),
            ("minPrice", &min),
            ("maxPrice", &max),
            ("currency", currency),
            ("sort", &self.sort),
            ("cursor", &self.cursor),
        ])
    }

    /// The address of the same search from `cursor` on.
    fn address(&self, cursor: &str) -> String {
        let query = query(&[
            ("q", &self.q),
            ("minPrice", &self.min_price),
            ("maxPrice", &self.max_price),
            ("currency", &self.currency),
            ("sort", &self.sort),
            ("cursor", cursor),
        ]);
        if query.is_empty() { "/".to_owned() } else { format!("/?{query}") }
    }
}

/// A query string of the parameters that are not empty.
fn query(parameters: &[(&str, &str)]) -> String {
    let set: Vec<_> = parameters.iter().filter(|(_, value)| !value.is_empty()).collect();
    serde_urlencoded::to_string(set).unwrap_or_default()
}
