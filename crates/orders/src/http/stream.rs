//! `GET /api/orders/{id}/events`

use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use common::event::{OrderSnapshot, OrderStatus, Subject};
use common::http::responses::OwnerOnly;
use common::http::{CurrentUser, PathId};
use common::{OrderId, Problem};
use futures::StreamExt;
use http::{HeaderMap, StatusCode};
use runtime::{EventStreams, StreamReader};

use super::response::{OrderView, owned};
use crate::Orders;
use crate::domain::Order;
use crate::feed::{Feed, is_final};

/// The state of the route. Cheap to clone.
#[derive(Clone)]
pub(crate) struct FeedState {
    pub(crate) orders: Orders,
    pub(crate) feed: Feed,
    pub(crate) streams: EventStreams,
}

/// The changes of one of the caller's orders, live.
///
/// Server-sent events: first the current state, then each change, until the order is complete or cancelled. `event:`
/// is what led to the state (`order.created`, `order.awaiting-payment`, `order.payment-accepted`, `order.completed`,
/// `order.cancelled`), `data:` the order, `id:` its version. After 15 seconds without an event a comment is sent.
#[utoipa::path(
    get,
    path = "/api/orders/{id}/events",
    tag = "orders",
    params(
        ("id" = OrderId, Path, description = "The order."),
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event received."),
    ),
    responses(
        (status = 200, description = "The states, up to a final one or the end of the session.", body = OrderView,
            content_type = "text/event-stream"),
        (status = 204, description = "`Last-Event-ID` is the final state, so no event follows; an `EventSource` does \
            not reconnect."),
        OwnerOnly,
    ),
)]
pub(super) async fn stream(
    State(FeedState { orders, feed, streams }): State<FeedState>,
    buyer: CurrentUser,
    reader: StreamReader,
    id: PathId<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = id.parse()?;
    let feed = feed.subscribe(id);
    let order = orders.store.get(id).await?;
    let order = owned(order.as_ref(), buyer.id)?;
    if has_seen_the_end(&headers, order) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    streams.open(reader, feed.states(order, orders.store).map(event))
}

fn has_seen_the_end(headers: &HeaderMap, order: &Order) -> bool {
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    is_final(order.wire_status().0) && seen == Some(order.version)
}

fn event(order: OrderSnapshot) -> Event {
    let event = Event::default().id(order.version.to_string());
    // A state of a newer release is a message without a name; clients read the status in its data.
    let event = match order.status.known() {
        Some(status) => event.event(subject(status).as_str()),
        None => event,
    };
    // Serializing an order cannot fail.
    event.clone().json_data(OrderView::from(order)).unwrap_or(event)
}

/// The subject of the event that leads to a status.
const fn subject(status: OrderStatus) -> Subject {
    match status {
        OrderStatus::Created => Subject::OrderCreated,
        OrderStatus::AwaitingPayment => Subject::OrderAwaitingPayment,
        OrderStatus::Paying => Subject::OrderPaymentAccepted,
        OrderStatus::Complete => Subject::OrderCompleted,
        OrderStatus::Cancelled => Subject::OrderCancelled,
    }
}
