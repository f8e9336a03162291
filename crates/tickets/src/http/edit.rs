//! `PUT /api/tickets/{id}`: offer something else, or at another price.

use axum::extract::State;
use common::http::{Caching, CurrentUser, IfMatch, PathId, ProblemBody, Valid, Versioned};
use common::{Problem, TicketId};

use super::body::{EditedTicket, RawOffer};
use super::changeable;
use super::view::TicketView;
use crate::domain::Ticket;
use crate::tickets::Tickets;

/// Replaces what is offered. An optional field that is absent is removed.
#[utoipa::path(
    put,
    path = "/api/tickets/{id}",
    tag = "tickets",
    params(
        ("id" = TicketId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to be changed"),
    ),
    request_body = RawOffer,
    responses(
        (status = 200, description = "Changed, or as wished already", body = TicketView,
            headers(("ETag" = String, description = "Its version"))),
        (status = 400, description = "`malformed-json`, `not-valid`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 401, description = "`not-signed-in`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 403, description = "`not-yours`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "`ticket-reserved`, `ticket-sold`, `ticket-withdrawn`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 412, description = "`version-changed`", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn edit(
    State(tickets): State<Tickets>,
    person: CurrentUser,
    id: PathId<TicketId>,
    seen: IfMatch,
    Valid(EditedTicket(offer)): Valid<EditedTicket>,
) -> Result<Versioned<TicketView>, Problem> {
    let (id, now) = (id.parse()?, tickets.now());
    let edit = |ticket: Option<&Ticket>| {
        // A fault of the body comes before every question about the ticket.
        offer.check_start(ticket.and_then(|ticket| ticket.offer.starts_at), now)?;
        Ok::<_, Problem>(changeable(ticket, person.id, &seen)?.edit(person.id, offer.clone(), now)?)
    };
    let ticket = tickets.collection.update(id, edit).await?.ok_or_else(Problem::not_found)?;
    Ok(Versioned { version: ticket.version, caching: Caching::Private, body: TicketView::from(&ticket) })
}
