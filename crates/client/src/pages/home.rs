//! `GET /`: the tickets on sale.

use askama::Template;
use axum::extract::State;
use common::http::Query;
use common::{Currency, Problem};
use http::StatusCode;

use super::Shown;
use super::card::{Card, Listed};
use crate::api::ApiError;
use crate::client::Client;
use crate::faults::Faults;
use crate::frame::Frame;
use crate::text::Texts;
use crate::visitor::Visitor;
use crate::{price, render};

/// How many tickets stand on a page: rows of one, two, three or four are all full.
const AT_ONCE: usize = 24;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    search: Search,
    faults: Faults,
    /// `None`: they cannot be shown right now.
    cards: Option<Vec<Card>>,
    /// The address of the next page.
    more: Option<String>,
}

/// What the visitor looks for, as it was typed.
#[derive(Default)]
struct Search {
    q: String,
    min_price: String,
    max_price: String,
    currency: String,
    sort: String,
    cursor: String,
}

/// The tickets on sale, or those that match a search.
pub(crate) async fn show(State(client): State<Client>, query: Query, visitor: Visitor) -> Shown {
    let frame = Frame::of(&visitor);
    let search = Search::of(&query);
    let mut faults = Faults::none();
    let wanted = search.wanted(frame.t, &mut faults);
    if !faults.is_empty() {
        let page = HomePage { frame, search, faults, cards: Some(Vec::new()), more: None };
        return Ok(render::page(StatusCode::BAD_REQUEST, &page));
    }
    let asked = client.api.get(&visitor.caller, &format!("/api/tickets?{wanted}")).await;
    let (status, cards, next) = match asked.and_then(|reply| reply.json::<Listed<_>>()) {
        Ok(page) => {
            let cards = page.items.into_iter().map(|ticket| Card::on_sale(frame.t, ticket)).collect();
            (StatusCode::OK, Some(cards), page.next)
        }
        Err(ApiError::Away) => (StatusCode::OK, None, None),
        Err(refused) => return Err(Problem::from(refused)),
    };
    let more = next.map(|cursor| search.address(&cursor));
    Ok(render::page(status, &HomePage { frame, search, faults, cards, more }))
}

impl HomePage {
    /// The ways to sort, as the API names them.
    fn sorts(&self) -> [(&'static str, &'static str); 4] {
        let t = &self.frame.t.home;
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
    fn of(query: &Query) -> Self {
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

    /// Whether anything is looked for.
    fn narrows(&self) -> bool {
        !self.q.is_empty() || self.filters()
    }

    /// Whether more than words is looked for.
    fn filters(&self) -> bool {
        !(self.min_price.is_empty() && self.max_price.is_empty() && self.sort.is_empty())
    }

    /// The query for the API, where prices stand in minor units.
    fn wanted(&self, t: &Texts, faults: &mut Faults) -> String {
        let currency = if self.currency.is_empty() { Ok(Currency::Usd) } else { self.currency.parse() };
        let currency = currency.unwrap_or_else(|()| {
            faults.add("currency", t.offer.not_a_currency);
            Currency::Usd
        });
        let mut bound = |field, text: &str| {
            if text.is_empty() {
                return String::new();
            }
            match price::parse(text, currency) {
                Ok(price) => price.amount.to_string(),
                Err(error) => {
                    faults.add(field, t.price(error));
                    String::new()
                }
            }
        };
        let min = bound("minPrice", &self.min_price);
        let max = bound("maxPrice", &self.max_price);
        let currency = if min.is_empty() && max.is_empty() { "" } else { currency.code() };
        let limit = AT_ONCE.to_string();
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

    /// The address of the same search from this cursor on.
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

/// A query of those parameters that say something.
fn query(parameters: &[(&str, &str)]) -> String {
    let said: Vec<_> = parameters.iter().filter(|(_, value)| !value.is_empty()).collect();
    serde_urlencoded::to_string(said).unwrap_or_default()
}
