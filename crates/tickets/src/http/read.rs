//! `GET /api/tickets/{id}` and `GET /api/tickets/mine`

use axum::extract::State;
use common::http::responses::{InvalidPage, NotFound, NotModified, NotSignedIn};
use common::http::{Caching, CurrentUser, Listing, PageQuery, PathId, Query, Versioned};
use common::{FieldError, Problem, TicketId};

use super::response::{OwnTicketView, TicketView};
use crate::Tickets;
use crate::storage::Role;

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
    id: PathId<TicketId>,
) -> Result<Versioned<TicketView>, Problem> {
    let ticket = tickets.store.get(id.parse()?).await?.ok_or_else(Problem::not_found)?;
    Ok(Versioned { version: ticket.version, caching: Caching::Public, body: TicketView::from(&ticket) })
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
