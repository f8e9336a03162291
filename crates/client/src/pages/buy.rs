//! `POST /tickets/{id}/buy`: order a ticket at the price that was shown.

use axum::extract::State;
use common::event::OrderSnapshot;
use common::http::PathId;
use common::{Currency, Money, Problem, TicketId};
use http::StatusCode;
use serde_json::json;

use super::{Shown, ticket};
use crate::api::ApiError;
use crate::client::Client;
use crate::form::Form;
use crate::text::ENGLISH;
use crate::visitor::Visitor;
use crate::{price, render};

/// Orders a ticket and goes on to pay for it.
pub(crate) async fn buy(
    State(client): State<Client>,
    id: PathId<TicketId>,
    visitor: Visitor,
    form: Form,
) -> Shown {
    let id = id.parse()?;
    let price = match seen(&form) {
        Some(price) => price,
        // Whoever pressed no button of ours has seen no other price than the ticket's.
        None if form.get("price").is_empty() => ticket::find(&client, &visitor, id).await?.price,
        None => {
            let words = ENGLISH.refusals.stale.to_owned();
            return ticket::after(&client, &visitor, id, StatusCode::BAD_REQUEST, words).await;
        }
    };
    let wanted = json!({ "ticketId": id, "price": price });
    let ordered = client.api.post_once(&visitor.caller, "/api/orders", form.filled("key"), &wanted).await;
    match ordered.and_then(|reply| reply.json::<OrderSnapshot>()) {
        Ok(order) => Ok(render::see_other(&format!("/orders/{}", order.id))),
        Err(ApiError::Away) => Err(Problem::unavailable()),
        Err(ApiError::Refused(refusal)) if refusal.status == StatusCode::NOT_FOUND => {
            Err(Problem::not_found())
        }
        Err(ApiError::Refused(refusal)) => {
            let words = ENGLISH.refusal(&refusal);
            ticket::after(&client, &visitor, id, refusal.status, words).await
        }
    }
}

/// The price that stood on the button.
fn seen(form: &Form) -> Option<Money> {
    let currency: Currency = form.get("currency").parse().ok()?;
    price::parse(form.get("price"), currency).ok()
}
