//! `GET /api/tickets`, `GET /api/tickets/{id}` and `GET /api/tickets/mine`

use axum::extract::State;
use common::http::responses::{InvalidPage, NotFound, NotModified, NotSignedIn};
use common::http::{CurrentUser, HttpContext, Listing, PageQuery, PathId, Query};
use common::{Currency, FieldError, Problem, TicketId};
use http::HeaderMap;

use super::list_query::ListQuery;
use super::reply_cache::{CachedReply, Wanted};
use super::response::{OwnTicketView, TicketView};
use crate::Tickets;
use crate::storage::Role;

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
    context: HttpContext,
    headers: HeaderMap,
    query: Query,
    page: PageQuery,
) -> Result<CachedReply, Problem> {
    let query = ListQuery::parse(&query, &page)?;
    let wanted = Wanted::Page(query.clone());
    let read = async || {
        let found = query.criteria.find(&tickets.store, query.after.clone(), query.limit).await?;
        let items = found.items.iter().map(TicketView::from).collect();
        CachedReply::page(&Listing::new(&query.criteria.list_name(), items, found.next))
    };
    // The basis is taken before the read: a change in between makes the reply newer than its basis, which at worst wastes
    // it. The other order would cache an outdated reply.
    tickets.replies.get_or_read(tickets.basis(&context, &headers), wanted, read).await
}

/// One ticket, of any status.
#[utoipa::path(
    get,
    path = "/api/tickets/{id}",
    tag = "tickets",
    params(("id" = TicketId, Path)),
    responses((status = 200, description = "The ticket.", body = TicketView), NotModified, NotFound),
)]
pub(super) async fn read(
    State(tickets): State<Tickets>,
    context: HttpContext,
    headers: HeaderMap,
    id: PathId<TicketId>,
) -> Result<CachedReply, Problem> {
    let id = id.parse()?;
    let read = async || {
        let ticket = tickets.store.get(id).await?.ok_or_else(Problem::not_found)?;
        CachedReply::ticket(&TicketView::from(&ticket), ticket.version)
    };
    tickets.replies.get_or_read(tickets.basis(&context, &headers), Wanted::Ticket(id), read).await
}

/// The tickets that the caller sells, holds or has bought, newest first.
#[utoipa::path(
    get,
    path = "/api/tickets/mine",
    tag = "tickets",
    params(
        ("role" = Option<String>, Query,
            description = "`selling` (default; of every status), `holding` (locked now) or `bought`."),
        ("limit" = Option<u8>, Query, description = "The page size; 20 by default.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, description = "A page.", body = Listing<OwnTicketView>), InvalidPage, NotSignedIn),
)]
pub(super) async fn mine(
    State(tickets): State<Tickets>,
    user: CurrentUser,
    query: Query,
    page: PageQuery,
) -> Result<Listing<OwnTicketView>, Problem> {
    let role = Role::parse(query.get("role").unwrap_or(Role::Selling.as_str())).ok_or_else(|| {
        Problem::not_valid(vec![FieldError::new("role", "must be one of selling, holding, bought")])
    })?;
    let list = format!("tickets/{}/{}", role.as_str(), user.id);
    let range = role.tickets_of(user.id).after(page.after(&list)?).limit(page.limit);
    let page = tickets.store.page(range).await?;
    Ok(Listing::new(&list, page.items.iter().map(OwnTicketView::from).collect(), page.next))
}
