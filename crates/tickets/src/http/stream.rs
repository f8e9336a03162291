//! `GET /api/tickets/events`

use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use common::Problem;
use futures::StreamExt;
use http::HeaderMap;
use runtime::{EventStreams, StreamReader};

use super::response::TicketView;
use crate::feed::{Feed, FeedItem};

/// The state of the route. Cheap to clone.
#[derive(Clone)]
pub(crate) struct FeedState {
    pub(crate) feed: Feed,
    pub(crate) streams: EventStreams,
}

/// The changes of all tickets, live.
///
/// Server-sent events: `event:` is the change (`ticket.created`, `ticket.updated`, `ticket.reserved`,
/// `ticket.released`, `ticket.sold`, `ticket.withdrawn`), `data:` the ticket as it is then. A client that reads too
/// slowly, or asks for older events than are kept, gets `event: reset`: load everything again. A change may arrive
/// twice; compare the ticket's `version`. After 15 seconds without an event a comment is sent.
#[utoipa::path(
    get,
    path = "/api/tickets/events",
    tag = "tickets",
    params(("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event received.")),
    responses(
        (status = 200, description = "The changes, without descriptions, until the client disconnects or its session ends.", body = TicketView,
            content_type = "text/event-stream"),
    ),
)]
pub(super) async fn stream(
    State(FeedState { feed, streams }): State<FeedState>,
    reader: StreamReader,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default());
    streams.open(reader, feed.subscribe(last).map(|item| event(&item)))
}

fn event(item: &FeedItem) -> Event {
    match item {
        FeedItem::Change(change) => {
            let ticket = TicketView::from(change.ticket.clone());
            let event = Event::default().event(change.subject.as_str()).id(change.id.to_string());
            event.json_data(ticket).unwrap_or_else(|_| reset(None))
        }
        FeedItem::Reset(last) => reset(last.map(|id| id.to_string())),
    }
}

/// With data, because an `EventSource` ignores events without.
fn reset(id: Option<String>) -> Event {
    let event = Event::default().event("reset").data("{}");
    id.into_iter().fold(event, Event::id)
}
