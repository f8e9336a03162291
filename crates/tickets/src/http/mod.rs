//! `/api/tickets`

mod body;
mod create;
mod edit;
mod events;
mod list;
mod mine;
mod page_cache;
mod read;
mod refusal;
mod view;
mod wanted;
mod withdraw;

use common::Problem;
use common::UserId;
use common::http::IfMatch;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::Ticket;
use crate::tickets::Tickets;

pub(crate) use events::Watching;
pub(crate) use page_cache::PageCache;

/// The routes, with full paths.
pub(crate) fn routes(tickets: Tickets, watching: Watching) -> OpenApiRouter {
    let events = OpenApiRouter::new().routes(routes!(events::events)).with_state(watching);
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(mine::mine))
        .routes(routes!(read::read, edit::edit, withdraw::withdraw))
        .with_state(tickets)
        .merge(events)
}

/// The ticket, if this person may change it and has seen its present version; else 404, 403 or 412.
fn changeable<'a>(ticket: Option<&'a Ticket>, person: UserId, seen: &IfMatch) -> Result<&'a Ticket, Problem> {
    let ticket = ticket.ok_or_else(Problem::not_found)?;
    ticket.must_belong_to(person)?;
    seen.check(ticket.version)?;
    Ok(ticket)
}
