//! `GET /api/tickets`: what is on sale.

use axum::extract::State;
use common::http::{Listing, PageQuery, ProblemBody, Query};
use common::{Currency, Problem};

use super::page_cache::CachedPage;
use super::view::TicketView;
use super::wanted::Wanted;
use crate::search::find;
use crate::tickets::Tickets;

/// The tickets on sale, newest first, or in another order, or only some of them.
///
/// All parameters can be combined. A search looks at a bounded number of tickets at a time: where few fit, a page may
/// have fewer than `limit` items, or none, although `next` leads to more. The last page is the one whose `next` is
/// `null`.
#[utoipa::path(
    get,
    path = "/api/tickets",
    tag = "tickets",
    params(
        ("q" = Option<String>, Query, max_length = 200,
            description = "Every word must begin some word of title or venue, whatever its case and accents; at most \
                16 words"),
        ("minPrice" = Option<i64>, Query, minimum = 0,
            description = "The least price, in minor units of `currency`"),
        ("maxPrice" = Option<i64>, Query, minimum = 0,
            description = "The greatest price, in minor units of `currency`"),
        ("currency" = Option<Currency>, Query,
            description = "Only tickets of this currency; USD if there is a price and this is absent"),
        ("sort" = Option<String>, Query,
            description = "`newest` (default), `price-asc`, `price-desc` (tickets of several currencies stand currency \
                by currency) or `soonest` (by `startsAt`; those without one come last)"),
        ("status" = Option<String>, Query, description = "`available` (default) or `reserved`"),
        ("limit" = Option<usize>, Query, description = "1 to 100; 20 if absent"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = Listing<TicketView>,
            headers(("ETag" = String, description = "Names exactly these bytes"))),
        (status = 304, description = "It is as `If-None-Match` says"),
        (status = 400, description = "`not-valid`, `bad-cursor`", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    State(tickets): State<Tickets>,
    query: Query,
    page: PageQuery,
) -> Result<CachedPage, Problem> {
    let wanted = Wanted::parse(&query, &page)?;
    // The revision is read before the page. A change in between makes the page newer than the revision under which it
    // is kept, which at worst wastes it; the other way round, an old page would be kept as a new one.
    let revision = tickets.collection.revision();
    if let Some(page) = tickets.pages.get(revision, &wanted) {
        return Ok(page);
    }
    let page = read(&tickets, &wanted).await?;
    tickets.pages.put(revision, wanted, &page);
    Ok(page)
}

async fn read(tickets: &Tickets, wanted: &Wanted) -> Result<CachedPage, Problem> {
    let found = find(&tickets.collection, &wanted.criteria, wanted.after.clone(), wanted.limit).await?;
    let items = found.items.iter().map(TicketView::from).collect();
    CachedPage::of(&Listing::new(&wanted.criteria.list_name(), items, found.next))
}
