//! `/orders/{id}`: the checkout while the order is open, then what became of it.

mod load;
mod qr;
mod stage;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use common::event::PaymentStatus;
use common::http::PathId;
use common::{OrderId, Time};
use http::StatusCode;

use self::load::Known;
use self::stage::Stage;
use super::Shown;
use crate::client::Client;
use crate::frame::Frame;
use crate::visitor::Visitor;
use crate::when::When;
use crate::{policy, price, render};

#[derive(Template)]
#[template(path = "checkout.html")]
struct CheckoutPage {
    frame: Frame,
    stage: Stage,
    title: &'static str,
    text: String,
    /// Why something could not be done.
    fault: Option<String>,
    now: Time,
    known: Known,
    price: String,
    pay: String,
    starts: Option<When>,
    until: When,
    ordered_at: When,
    paid_at: When,
    /// What went back of the price, if anything did.
    given_back: Option<String>,
    /// What is to be said of a dispute, if there is one.
    dispute: Option<&'static str>,
}

/// The addresses of the checkout.
pub(crate) fn routes() -> Router<Client> {
    Router::new().route("/orders/{id}", get(show)).route("/orders/{id}/qr.svg", get(qr::show))
}

/// `GET /orders/{id}`
async fn show(State(client): State<Client>, visitor: Visitor, id: PathId<OrderId>) -> Shown {
    if visitor.person.is_none() {
        return Ok(render::see_other(&Frame::of(&visitor).sign_in()));
    }
    page(&client, &visitor, id.parse()?, StatusCode::OK, None).await
}

/// The page of an order; `fault` is why something could not be done with it.
pub(crate) async fn page(
    client: &Client,
    visitor: &Visitor,
    id: OrderId,
    status: StatusCode,
    fault: Option<String>,
) -> Shown {
    let known = Known::ask(&client.api, &visitor.caller, id).await?;
    let page = CheckoutPage::new(Frame::of(visitor), known, client.clock().now(), fault);
    let policy = if page.is_open() { policy::with_stripe(&client.stripe_js) } else { policy::page() };
    Ok(render::page_under(policy, status, &page))
}

impl CheckoutPage {
    fn new(frame: Frame, known: Known, now: Time, fault: Option<String>) -> Self {
        let order = &known.order;
        let stage = Stage::of(order, known.payment.as_ref().map(|payment| payment.status), now);
        let price = price::show(order.ticket.price);
        let receipt = known.receipt.as_ref();
        Self {
            stage,
            title: stage.title(frame.t),
            text: stage.text(frame.t).replace("{price}", &price),
            fault,
            now,
            pay: frame.t.checkout.pay.replace("{price}", &price),
            price,
            starts: known.ticket.as_ref().and_then(|ticket| ticket.starts_at).map(When::from),
            until: order.expires_at.into(),
            ordered_at: order.created_at.into(),
            paid_at: receipt.and_then(|receipt| receipt.paid_at).unwrap_or(order.updated_at).into(),
            given_back: receipt
                .map(|receipt| receipt.refunded)
                .filter(|refunded| refunded.amount > 0)
                .map(price::show),
            dispute: receipt.and_then(|receipt| receipt.dispute).map(|dispute| frame.t.dispute(dispute)),
            known,
            // The heading says it already.
            frame: Frame { done: None, ..frame },
        }
    }

    /// Whether a card may still be entered here, perhaps after the script has gone on to another stage.
    fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Complete | Stage::Cancelled(_))
    }

    /// Whether it is known where or when the event takes place.
    fn tells_of_the_event(&self) -> bool {
        self.starts.is_some() || self.known.ticket.as_ref().is_some_and(|ticket| ticket.venue.is_some())
    }

    /// Whether a bank may have set the amount aside for a while.
    fn was_authorized(&self) -> bool {
        use PaymentStatus::{Authorized, Failed, Voided, Voiding};
        let status = self.known.payment.as_ref().map(|payment| payment.status);
        matches!(status, Some(Authorized | Voiding | Voided | Failed))
    }
}
