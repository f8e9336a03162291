//! `/tickets/{id}/edit`: change a ticket while nobody is buying it.

use askama::Template;
use axum::extract::State;
use common::event::{TicketSnapshot, TicketStatus};
use common::http::PathId;
use common::{Currency, Problem, TicketId};
use http::StatusCode;

use super::offer::Offer;
use super::{Shown, ticket};
use crate::api::ApiError;
use crate::client::Client;
use crate::faults::Faults;
use crate::form::Form;
use crate::frame::Frame;
use crate::render;
use crate::text::Texts;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "edit.html")]
struct EditPage {
    frame: Frame,
    id: TicketId,
    offer: Offer,
    faults: Faults,
    currencies: [Currency; 8],
    /// Why it cannot be changed.
    locked: Option<&'static str>,
}

impl EditPage {
    fn new(visitor: &Visitor, ticket: &TicketSnapshot, offer: Offer, faults: Faults) -> Self {
        let frame = Frame::of(visitor);
        let locked = locked(frame.t, ticket.status);
        Self { frame, id: ticket.id, offer, faults, currencies: Currency::ALL, locked }
    }
}

const fn locked(t: &Texts, status: TicketStatus) -> Option<&'static str> {
    match status {
        TicketStatus::Available => None,
        TicketStatus::Reserved => Some(t.offer.held),
        TicketStatus::Sold => Some(t.offer.sold),
        TicketStatus::Withdrawn => Some(t.offer.withdrawn),
    }
}

/// The form, filled in with the ticket as it stands.
pub(crate) async fn show(State(client): State<Client>, id: PathId<TicketId>, visitor: Visitor) -> Shown {
    if visitor.person.is_none() {
        return Ok(visitor.sent_to_sign_in());
    }
    let ticket = ticket::find(&client, &visitor, id.parse()?).await?;
    if !visitor.is(ticket.seller_id) {
        return Err(Problem::not_yours());
    }
    let page = EditPage::new(&visitor, &ticket, Offer::of(&ticket), Faults::none());
    Ok(render::page(StatusCode::OK, &page))
}

/// Saves the ticket, or shows what is wrong with it.
pub(crate) async fn save(
    State(client): State<Client>,
    id: PathId<TicketId>,
    visitor: Visitor,
    form: Form,
) -> Shown {
    let id = id.parse()?;
    let (offer, mut faults) = (Offer::typed(&form), Faults::none());
    let t = Frame::of(&visitor).t;
    let body = offer.body(t, &mut faults);
    let error = match client.api.put(&visitor.caller, &format!("/api/tickets/{id}"), &body).await {
        Ok(_) => return Ok(render::see_other(&format!("/tickets/{id}?done=edited"))),
        Err(ApiError::Refused(refusal)) if refusal.is_about_the_thing() => {
            return Err(ApiError::Refused(refusal).into());
        }
        Err(error) => error,
    };
    let ticket = ticket::find(&client, &visitor, id).await?;
    let (status, told) = Faults::told(t, error, &Offer::known(t));
    let wait = told.retry_after;
    let page = EditPage::new(&visitor, &ticket, offer.again(), told.but_for(faults));
    Ok(render::form(status, wait, &page))
}
