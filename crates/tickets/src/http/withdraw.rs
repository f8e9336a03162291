//! `DELETE /api/tickets/{id}`

use axum::extract::State;
use common::http::responses::{OwnerOnly, VersionChanged};
use common::http::{CurrentUser, IfMatch, PathId};
use common::{Problem, TicketId};
use http::StatusCode;

use super::response::owned;
use crate::Tickets;
use crate::domain::Ticket;

/// Takes a ticket off the market for good. The ticket can still be read.
#[utoipa::path(
    delete,
    path = "/api/tickets/{id}",
    tag = "tickets",
    params(
        ("id" = TicketId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to be withdrawn."),
    ),
    responses(
        (status = 204, description = "Withdrawn, now or before."),
        (status = 409, description = "`ticket-reserved`, `ticket-sold`"),
        OwnerOnly,
        VersionChanged,
    ),
)]
pub(super) async fn withdraw(
    State(tickets): State<Tickets>,
    user: CurrentUser,
    id: PathId<TicketId>,
    seen: IfMatch,
) -> Result<StatusCode, Problem> {
    let (id, now) = (id.parse()?, tickets.now());
    let withdraw = |ticket: Option<&Ticket>| {
        let ticket = owned(ticket, user.id)?;
        seen.check(ticket.version)?;
        Ok::<_, Problem>(ticket.withdraw(user.id, now)?)
    };
    tickets.store.update(id, withdraw).await?;
    Ok(StatusCode::NO_CONTENT)
}
