//! `/tickets/new`: list a ticket.

use askama::Template;
use axum::extract::State;
use common::Currency;
use common::event::TicketSnapshot;
use http::StatusCode;

use super::PageResult;
use super::ticket_form::TicketForm;
use crate::client::Client;
use crate::form::{Form, FormErrors};
use crate::layout::Layout;
use crate::render;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "sell.html")]
struct SellPage {
    layout: Layout,
    form: TicketForm,
    errors: FormErrors,
    currencies: [Currency; 8],
}

impl SellPage {
    fn new(visitor: &Visitor, form: TicketForm, errors: FormErrors) -> Self {
        Self { layout: Layout::of(visitor), form, errors, currencies: Currency::ALL }
    }
}

/// `GET`: the empty form.
pub(crate) async fn show(visitor: Visitor) -> PageResult {
    if visitor.user.is_none() {
        return Ok(visitor.redirect_to_sign_in());
    }
    Ok(render::page(StatusCode::OK, &SellPage::new(&visitor, TicketForm::empty(), FormErrors::none())))
}

/// `POST`: lists the ticket, or redisplays the form with its errors.
pub(crate) async fn list(State(client): State<Client>, visitor: Visitor, sent: Form) -> PageResult {
    let (form, mut errors) = (TicketForm::from_sent(&sent), FormErrors::none());
    let t = Layout::of(&visitor).t;
    let body = form.body(t, &mut errors);
    let reply = client.api.post(&visitor.caller, "/api/tickets", &body).await;
    match reply.and_then(|reply| reply.json::<TicketSnapshot>()) {
        Ok(ticket) => Ok(render::see_other(&format!("/tickets/{}?done=listed", ticket.id))),
        Err(error) => {
            let (status, api_errors) = FormErrors::from_api(t, error, &TicketForm::fields(t));
            let retry_after = api_errors.retry_after;
            let page = SellPage::new(&visitor, form.redisplayed(), api_errors.overridden_by(errors));
            Ok(render::form(status, retry_after, &page))
        }
    }
}
