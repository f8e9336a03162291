//! `POST /tickets/{id}/withdraw`: take a ticket back.

use axum::extract::State;
use common::http::PathId;
use common::{Problem, TicketId};

use super::{Shown, ticket};
use crate::api::ApiError;
use crate::client::Client;
use crate::render;
use crate::text::ENGLISH;
use crate::visitor::Visitor;

/// Takes a ticket back.
pub(crate) async fn withdraw(State(client): State<Client>, id: PathId<TicketId>, visitor: Visitor) -> Shown {
    let id = id.parse()?;
    match client.api.delete(&visitor.caller, &format!("/api/tickets/{id}")).await {
        Ok(_) => Ok(render::see_other(&format!("/tickets/{id}?done=withdrawn"))),
        Err(ApiError::Away) => Err(Problem::unavailable()),
        Err(ApiError::Refused(refusal)) => {
            ticket::after(&client, &visitor, id, refusal.status, ENGLISH.refusal(&refusal)).await
        }
    }
}
