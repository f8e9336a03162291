//! `/tickets/new`: list a ticket.

use askama::Template;
use axum::extract::State;
use common::Currency;
use common::event::TicketSnapshot;
use http::StatusCode;

use super::Shown;
use super::offer::Offer;
use crate::client::Client;
use crate::faults::Faults;
use crate::form::Form;
use crate::frame::Frame;
use crate::render;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "sell.html")]
struct SellPage {
    frame: Frame,
    offer: Offer,
    faults: Faults,
    currencies: [Currency; 8],
}

impl SellPage {
    fn new(visitor: &Visitor, offer: Offer, faults: Faults) -> Self {
        Self { frame: Frame::of(visitor), offer, faults, currencies: Currency::ALL }
    }
}

/// The empty form.
pub(crate) async fn show(visitor: Visitor) -> Shown {
    if visitor.person.is_none() {
        return Ok(visitor.sent_to_sign_in());
    }
    Ok(render::page(StatusCode::OK, &SellPage::new(&visitor, Offer::blank(), Faults::none())))
}

/// Lists the ticket, or shows what is wrong with it.
pub(crate) async fn list(State(client): State<Client>, visitor: Visitor, form: Form) -> Shown {
    let (offer, mut faults) = (Offer::typed(&form), Faults::none());
    let t = Frame::of(&visitor).t;
    let body = offer.body(t, &mut faults);
    let listed = client.api.post(&visitor.caller, "/api/tickets", &body).await;
    match listed.and_then(|reply| reply.json::<TicketSnapshot>()) {
        Ok(ticket) => Ok(render::see_other(&format!("/tickets/{}?done=listed", ticket.id))),
        Err(error) => {
            let (status, told) = Faults::told(t, error, &Offer::known(t));
            let wait = told.retry_after;
            let page = SellPage::new(&visitor, offer.again(), told.but_for(faults));
            Ok(render::form(status, wait, &page))
        }
    }
}
