//! The buttons of a ticket and an order: buy, withdraw, cancel. A refusal is shown on the page of the button.

use axum::extract::State;
use common::event::OrderSnapshot;
use common::http::PathId;
use common::{Currency, Money, OrderId, Problem, TicketId};
use http::StatusCode;
use serde_json::json;

use super::{PageResult, checkout, ticket};
use crate::api::ApiError;
use crate::client::Client;
use crate::form::Form;
use crate::text::ENGLISH;
use crate::visitor::Visitor;
use crate::{price, render};

/// `POST /tickets/{id}/buy`: orders a ticket at the price on the button, and leads to the checkout.
pub(crate) async fn buy(
    State(client): State<Client>,
    id: PathId<TicketId>,
    visitor: Visitor,
    form: Form,
) -> PageResult {
    let id = id.parse()?;
    let price = match shown_price(&form) {
        Some(price) => price,
        // A form without our button has shown no price other than the ticket's.
        None if form.get("price").is_empty() => ticket::load(&client, &visitor, id).await?.price,
        None => {
            let error = ENGLISH.refusals.stale.to_owned();
            return ticket::page_with_error(&client, &visitor, id, StatusCode::BAD_REQUEST, error).await;
        }
    };
    let new_order = json!({ "ticketId": id, "price": price });
    let reply = client.api.post_once(&visitor.caller, "/api/orders", form.filled("key"), &new_order).await;
    match reply.and_then(|reply| reply.json::<OrderSnapshot>()) {
        Ok(order) => Ok(render::see_other(&format!("/orders/{}", order.id))),
        Err(ApiError::Unavailable) => Err(Problem::unavailable()),
        Err(ApiError::Refused(refusal)) if refusal.status == StatusCode::NOT_FOUND => {
            Err(Problem::not_found())
        }
        Err(ApiError::Refused(refusal)) => {
            let error = ENGLISH.refusal(&refusal);
            ticket::page_with_error(&client, &visitor, id, refusal.status, error).await
        }
    }
}

/// The price on the pressed button.
fn shown_price(form: &Form) -> Option<Money> {
    let currency: Currency = form.get("currency").parse().ok()?;
    price::parse(form.get("price"), currency).ok()
}

/// `POST /tickets/{id}/withdraw`: takes a ticket off sale.
pub(crate) async fn withdraw(
    State(client): State<Client>,
    id: PathId<TicketId>,
    visitor: Visitor,
) -> PageResult {
    let id = id.parse()?;
    match client.api.delete(&visitor.caller, &format!("/api/tickets/{id}")).await {
        Ok(_) => Ok(render::see_other(&format!("/tickets/{id}?done=withdrawn"))),
        Err(ApiError::Unavailable) => Err(Problem::unavailable()),
        Err(ApiError::Refused(refusal)) => {
            let error = ENGLISH.refusal(&refusal);
            ticket::page_with_error(&client, &visitor, id, refusal.status, error).await
        }
    }
}

/// `POST /orders/{id}/cancel`: cancels an order.
pub(crate) async fn cancel(
    State(client): State<Client>,
    id: PathId<OrderId>,
    visitor: Visitor,
) -> PageResult {
    let id = id.parse()?;
    match client.api.delete(&visitor.caller, &format!("/api/orders/{id}")).await {
        Ok(_) => Ok(render::see_other(&format!("/orders/{id}"))),
        Err(ApiError::Unavailable) => Err(Problem::unavailable()),
        Err(ApiError::Refused(refusal)) if refusal.is_not_found_or_forbidden() => {
            Err(ApiError::Refused(refusal).into())
        }
        Err(ApiError::Refused(refusal)) => {
            let error = ENGLISH.refusal(&refusal);
            checkout::page(&client, &visitor, id, refusal.status, Some(error)).await
        }
    }
}
