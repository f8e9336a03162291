//! `GET /api/orders/{id}/events`

use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use common::event::{OrderSnapshot, OrderStatus, Subject};
use common::http::{CurrentUser, HttpContext, PathId, ProblemBody};
use common::{OrderId, Problem};
use futures::StreamExt;
use futures::future::ready;
use http::{HeaderMap, StatusCode};
use runtime::EventStreams;

use super::order_body::OrderBody;
use crate::domain::Order;
use crate::live::{Feed, is_final};
use crate::orders::Orders;

/// What the route stands on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Watching {
    pub(crate) orders: Orders,
    pub(crate) feed: Feed,
    pub(crate) streams: EventStreams,
}

/// What happens to one of the caller's orders, as it happens.
///
/// Server-sent events: first the present state, then each change, until the order is complete or cancelled. `event:`
/// is what led to the state (`order.created`, `order.awaiting-payment`, `order.payment-accepted`, `order.completed`,
/// `order.cancelled`), `data:` the order, `id:` its version. A comment comes every 15 seconds if nothing else does.
#[utoipa::path(
    get,
    path = "/api/orders/{id}/events",
    tag = "orders",
    params(
        ("id" = OrderId, Path, description = "The order."),
        ("Last-Event-ID" = Option<String>, Header, description = "The last `id` that was seen."),
    ),
    responses(
        (status = 200, description = "Its states, until the last.", body = OrderBody,
            content_type = "text/event-stream"),
        (status = 204, description = "`Last-Event-ID` is its last state: nothing more will happen, and an `EventSource` \
            does not ask again."),
        (status = 401, description = "`not-signed-in`", body = ProblemBody),
        (status = 403, description = "`not-yours`", body = ProblemBody),
        (status = 404, description = "There is no such order.", body = ProblemBody),
        (status = 503, description = "Too many are watching.", body = ProblemBody),
    ),
)]
pub(super) async fn events(
    State(Watching { orders, feed, streams }): State<Watching>,
    context: HttpContext,
    buyer: CurrentUser,
    id: PathId<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = id.parse()?;
    let joined = feed.join(id);
    let order = orders.placed.get(id).await?.ok_or_else(Problem::not_found)?;
    if order.user_id != buyer.id {
        return Err(Problem::not_yours());
    }
    if has_seen_the_end(&headers, &order) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let states = joined.follow(&order, orders.placed);
    // A session that ends takes what was opened with it along.
    let states = states.take_while(move |_| ready(!context.sessions.is_revoked(buyer.session)));
    streams.open(states.map(event))
}

fn has_seen_the_end(headers: &HeaderMap, order: &Order) -> bool {
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    is_final(order.status_words().0) && seen == Some(order.version)
}

fn event(order: OrderSnapshot) -> Event {
    let event = Event::default().event(subject(order.status).as_str()).id(order.version.to_string());
    // An order is JSON whatever its state; without data the event would only tell that something happened.
    event.clone().json_data(OrderBody::from(order)).unwrap_or(event)
}

/// What an order that is in this state announced last.
const fn subject(status: OrderStatus) -> Subject {
    match status {
        OrderStatus::Created => Subject::OrderCreated,
        OrderStatus::AwaitingPayment => Subject::OrderAwaitingPayment,
        OrderStatus::Paying => Subject::OrderPaymentAccepted,
        OrderStatus::Complete => Subject::OrderCompleted,
        OrderStatus::Cancelled => Subject::OrderCancelled,
    }
}
