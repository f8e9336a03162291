//! `GET /api/tickets/{id}`: one ticket, whatever its state.

use axum::extract::State;
use common::http::{Caching, PathId, ProblemBody, Versioned};
use common::{Problem, TicketId};

use super::view::TicketView;
use crate::tickets::Tickets;

/// One ticket, whatever its state.
#[utoipa::path(
    get,
    path = "/api/tickets/{id}",
    tag = "tickets",
    params(("id" = TicketId, Path)),
    responses(
        (status = 200, description = "The ticket", body = TicketView,
            headers(("ETag" = String, description = "Its version"))),
        (status = 304, description = "It is as `If-None-Match` says"),
        (status = 404, description = "`not-found`", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn read(
    State(tickets): State<Tickets>,
    id: PathId<TicketId>,
) -> Result<Versioned<TicketView>, Problem> {
    let ticket = tickets.collection.get(id.parse()?).await?.ok_or_else(Problem::not_found)?;
    Ok(Versioned { version: ticket.version, caching: Caching::Public, body: TicketView::from(&ticket) })
}
