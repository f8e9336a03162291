//! `POST /api/tickets`: put a ticket on sale.

use axum::extract::State;
use common::http::{Created, CurrentUser, FreshId, ProblemBody, Valid};
use common::{Problem, TicketId};

use super::body::{NewTicket, RawOffer};
use super::view::TicketView;
use crate::tickets::Tickets;

/// Puts a ticket on sale.
#[utoipa::path(
    post,
    path = "/api/tickets",
    tag = "tickets",
    request_body = RawOffer,
    responses(
        (status = 201, description = "Listed", body = TicketView, headers(
            ("Location" = String, description = "Its address"),
            ("ETag" = String, description = "Its version"),
        )),
        (status = 400, description = "`malformed-json`, `not-valid`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    State(tickets): State<Tickets>,
    seller: CurrentUser,
    FreshId(id): FreshId<TicketId>,
    Valid(NewTicket(offer)): Valid<NewTicket>,
) -> Result<Created<TicketView>, Problem> {
    let ticket = tickets.list(id, seller.id, offer).await?;
    let location = format!("/api/tickets/{}", ticket.id);
    Ok(Created { location, version: ticket.version, body: TicketView::from(&ticket) })
}
