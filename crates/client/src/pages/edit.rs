//! `/tickets/{id}/edit`: change a ticket while it is on sale.

use askama::Template;
use axum::extract::State;
use common::event::{TicketSnapshot, TicketStatus, Word};
use common::http::PathId;
use common::{Currency, Problem, TicketId};
use http::StatusCode;

use super::ticket_form::TicketForm;
use super::{PageResult, ticket};
use crate::api::ApiError;
use crate::client::Client;
use crate::form::{Form, FormErrors};
use crate::layout::Layout;
use crate::render;
use crate::text::Texts;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "edit.html")]
struct EditPage {
    layout: Layout,
    id: TicketId,
    form: TicketForm,
    errors: FormErrors,
    currencies: [Currency; 8],
    /// The reason why the ticket cannot be changed.
    locked: Option<&'static str>,
}

impl EditPage {
    fn new(visitor: &Visitor, ticket: &TicketSnapshot, form: TicketForm, errors: FormErrors) -> Self {
        let layout = Layout::of(visitor);
        let locked = locked(layout.t, &ticket.status);
        Self { layout, id: ticket.id, form, errors, currencies: Currency::ALL, locked }
    }
}

fn locked(t: &Texts, status: &Word<TicketStatus>) -> Option<&'static str> {
    match status.known()? {
        TicketStatus::Available => None,
        TicketStatus::Reserved => Some(t.ticket_form.held),
        TicketStatus::Sold => Some(t.ticket_form.sold),
        TicketStatus::Withdrawn => Some(t.ticket_form.withdrawn),
    }
}

/// `GET`: the form with the current values.
pub(crate) async fn show(State(client): State<Client>, id: PathId<TicketId>, visitor: Visitor) -> PageResult {
    if visitor.user.is_none() {
        return Ok(visitor.redirect_to_sign_in());
    }
    let ticket = ticket::load(&client, &visitor, id.parse()?).await?;
    if !visitor.is_user(ticket.seller_id) {
        return Err(Problem::not_yours());
    }
    let page = EditPage::new(&visitor, &ticket, TicketForm::from_ticket(&ticket), FormErrors::none());
    Ok(render::page(StatusCode::OK, &page))
}

/// `POST`: saves the ticket, or redisplays the form with its errors.
pub(crate) async fn save(
    State(client): State<Client>,
    id: PathId<TicketId>,
    visitor: Visitor,
    sent: Form,
) -> PageResult {
    let id = id.parse()?;
    let (form, mut errors) = (TicketForm::from_sent(&sent), FormErrors::none());
    let t = Layout::of(&visitor).t;
    let body = form.body(t, &mut errors);
    let error = match client.api.put(&visitor.caller, &format!("/api/tickets/{id}"), &body).await {
        Ok(_) => return Ok(render::see_other(&format!("/tickets/{id}?done=edited"))),
        Err(ApiError::Refused(refusal)) if refusal.is_not_found_or_forbidden() => {
            return Err(ApiError::Refused(refusal).into());
        }
        Err(error) => error,
    };
    let ticket = ticket::load(&client, &visitor, id).await?;
    let (status, api_errors) = FormErrors::from_api(t, error, &TicketForm::fields(t));
    let retry_after = api_errors.retry_after;
    let page = EditPage::new(&visitor, &ticket, form.redisplayed(), api_errors.overridden_by(errors));
    Ok(render::form(status, retry_after, &page))
}
