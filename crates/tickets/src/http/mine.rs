//! `GET /api/tickets/mine`: what the caller sells, holds or has bought.

use axum::extract::State;
use common::http::{CurrentUser, Listing, PageQuery, ProblemBody, Query};
use common::{FieldError, Problem};

use super::view::OwnTicketView;
use crate::documents::Role;
use crate::tickets::Tickets;

/// The caller's own tickets, newest first.
#[utoipa::path(
    get,
    path = "/api/tickets/mine",
    tag = "tickets",
    params(
        ("role" = Option<String>, Query,
            description = "`selling` (default; of every status), `holding` (locked now) or `bought`"),
        ("limit" = Option<usize>, Query, description = "1 to 100; 20 if absent"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = Listing<OwnTicketView>),
        (status = 400, description = "`not-valid`, `bad-cursor`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn mine(
    State(tickets): State<Tickets>,
    person: CurrentUser,
    query: Query,
    page: PageQuery,
) -> Result<Listing<OwnTicketView>, Problem> {
    let role = Role::named(query.get("role").unwrap_or(Role::Selling.index())).ok_or_else(|| {
        Problem::not_valid(vec![FieldError::new("role", "must be one of selling, holding, bought")])
    })?;
    let list = format!("tickets/{}/{}", role.index(), person.id);
    let range = role.tickets_of(person.id).after(page.after(&list)?).limit(page.limit);
    let found = tickets.collection.page(range).await?;
    Ok(Listing::new(&list, found.items.iter().map(OwnTicketView::from).collect(), found.next))
}
