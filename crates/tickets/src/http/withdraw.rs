//! `DELETE /api/tickets/{id}`: take a ticket off the market.

use axum::extract::State;
use common::http::{CurrentUser, IfMatch, PathId, ProblemBody};
use common::{Problem, TicketId};
use http::StatusCode;

use super::changeable;
use crate::tickets::Tickets;

/// Takes a ticket off the market for good. It can still be read; again: nothing changes.
#[utoipa::path(
    delete,
    path = "/api/tickets/{id}",
    tag = "tickets",
    params(
        ("id" = TicketId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to be withdrawn"),
    ),
    responses(
        (status = 204, description = "Withdrawn"),
        (status = 401, description = "`not-signed-in`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 403, description = "`not-yours`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "`ticket-reserved`, `ticket-sold`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 412, description = "`version-changed`", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn withdraw(
    State(tickets): State<Tickets>,
    person: CurrentUser,
    id: PathId<TicketId>,
    seen: IfMatch,
) -> Result<StatusCode, Problem> {
    let (id, now) = (id.parse()?, tickets.now());
    let withdraw = |ticket: Option<&_>| {
        Ok::<_, Problem>(changeable(ticket, person.id, &seen)?.withdraw(person.id, now)?)
    };
    tickets.collection.update(id, withdraw).await?;
    Ok(StatusCode::NO_CONTENT)
}
