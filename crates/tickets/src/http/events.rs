//! `GET /api/tickets/events`: what happens to tickets, as it happens.

use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use common::Problem;
use common::http::ProblemBody;
use futures::StreamExt;
use http::HeaderMap;
use runtime::EventStreams;

use super::view::TicketView;
use crate::live::{Feed, Seen};

/// The header with which a reader that was cut off tells how far it came.
const LAST_EVENT_ID: &str = "last-event-id";

/// What the route stands on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Watching {
    pub(crate) feed: Feed,
    pub(crate) streams: EventStreams,
}

/// Every change of every ticket, as it happens.
///
/// Server-sent events: `event:` is what happened (`ticket.created`, `ticket.updated`, `ticket.reserved`,
/// `ticket.released`, `ticket.sold`, `ticket.withdrawn`), `data:` the ticket as it is then. Whoever reads too slowly,
/// or asks for more of the past than is remembered, gets `event: reset`: look at everything anew. A change may come
/// twice; the ticket's `version` tells. A comment comes every 15 seconds if nothing else does.
#[utoipa::path(
    get,
    path = "/api/tickets/events",
    tag = "tickets",
    params(
        ("Last-Event-ID" = Option<String>, Header, description = "Begin behind the event with this `id`"),
    ),
    responses(
        (status = 200, description = "The changes, until somebody hangs up", body = TicketView,
            content_type = "text/event-stream"),
        (status = 503, description = "Too many are watching", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn events(
    State(Watching { feed, streams }): State<Watching>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default());
    streams.open(feed.watch(last).map(|seen| event(&seen)))
}

fn event(seen: &Seen) -> Event {
    match seen {
        Seen::Change(change) => {
            let ticket = TicketView::from(change.ticket.clone());
            let event = Event::default().event(change.subject.as_str()).id(change.id.to_string());
            event.json_data(ticket).unwrap_or_else(|_| reset(None))
        }
        Seen::Reset(last) => reset(last.map(|id| id.to_string())),
    }
}

/// An event without data would not reach the page.
fn reset(id: Option<String>) -> Event {
    let event = Event::default().event("reset").data("{}");
    id.into_iter().fold(event, Event::id)
}
