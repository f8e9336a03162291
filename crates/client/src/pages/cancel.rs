//! `POST /orders/{id}/cancel`: give an order up.

use axum::extract::State;
use common::http::PathId;
use common::{OrderId, Problem};

use super::{Shown, checkout};
use crate::api::ApiError;
use crate::client::Client;
use crate::render;
use crate::text::ENGLISH;
use crate::visitor::Visitor;

/// Gives an order up.
pub(crate) async fn cancel(State(client): State<Client>, id: PathId<OrderId>, visitor: Visitor) -> Shown {
    let id = id.parse()?;
    match client.api.delete(&visitor.caller, &format!("/api/orders/{id}")).await {
        Ok(_) => Ok(render::see_other(&format!("/orders/{id}"))),
        Err(ApiError::Away) => Err(Problem::unavailable()),
        Err(ApiError::Refused(refusal)) if refusal.is_about_the_thing() => {
            Err(ApiError::Refused(refusal).into())
        }
        Err(ApiError::Refused(refusal)) => {
            let fault = ENGLISH.refusal(&refusal);
            checkout::page(&client, &visitor, id, refusal.status, Some(fault)).await
        }
    }
}
