//! `/orders/{id}`: the checkout while the order is open, then its outcome.

mod order_data;
pub(crate) mod qr;
mod stage;

use askama::Template;
use axum::extract::State;
use common::event::PaymentStatus;
use common::http::PathId;
use common::{OrderId, Time};
use http::StatusCode;

use self::order_data::OrderData;
use self::stage::Stage;
use super::PageResult;
use crate::client::Client;
use crate::datetime::TimeTag;
use crate::layout::Layout;
use crate::visitor::Visitor;
use crate::{csp, price, render};

#[derive(Template)]
#[template(path = "checkout.html")]
struct CheckoutPage {
    layout: Layout,
    stage: Stage,
    title: &'static str,
    text: String,
    /// The error of a failed action.
    error: Option<String>,
    now: Time,
    data: OrderData,
    price: String,
    pay_label: String,
    starts_at: Option<TimeTag>,
    held_until: TimeTag,
    ordered_at: TimeTag,
    paid_at: TimeTag,
    /// The refunded amount, if any.
    refunded: Option<String>,
    /// The text about a dispute, if any.
    dispute: Option<&'static str>,
}

/// `GET /orders/{id}`
pub(crate) async fn show(State(client): State<Client>, visitor: Visitor, id: PathId<OrderId>) -> PageResult {
    if visitor.user.is_none() {
        return Ok(render::see_other(&Layout::of(&visitor).sign_in()));
    }
    page(&client, &visitor, id.parse()?, StatusCode::OK, None).await
}

/// The page of an order, with the error of a failed action.
pub(crate) async fn page(
    client: &Client,
    visitor: &Visitor,
    id: OrderId,
    status: StatusCode,
    error: Option<String>,
) -> PageResult {
    let data = OrderData::load(&client.api, &visitor.caller, id).await?;
    let page = CheckoutPage::new(Layout::of(visitor), data, client.clock().now(), error);
    let csp = if page.is_open() { csp::with_stripe(&client.stripe_js) } else { csp::page() };
    Ok(render::page_with_csp(csp, status, &page))
}

impl CheckoutPage {
    fn new(layout: Layout, data: OrderData, now: Time, error: Option<String>) -> Self {
        let order = &data.order;
        let stage = Stage::of(order, data.payment.as_ref().map(|payment| payment.status), now);
        let price = price::format(order.ticket.price);
        let receipt = data.receipt.as_ref();
        Self {
            stage,
            title: stage.title(layout.t),
            text: stage.text(layout.t).replace("{price}", &price),
            error,
            now,
            pay_label: layout.t.checkout.pay.replace("{price}", &price),
            price,
            starts_at: data.ticket.as_ref().and_then(|ticket| ticket.starts_at).map(TimeTag::from),
            held_until: order.expires_at.into(),
            ordered_at: order.created_at.into(),
            paid_at: receipt.and_then(|receipt| receipt.paid_at).unwrap_or(order.updated_at).into(),
            refunded: receipt
                .map(|receipt| receipt.refunded)
                .filter(|refunded| refunded.amount > 0)
                .map(price::format),
            dispute: receipt.and_then(|receipt| receipt.dispute).map(|dispute| layout.t.dispute(dispute)),
            data,
            // The heading replaces the notice.
            layout: Layout { notice: None, ..layout },
        }
    }

    /// Whether a card may be entered on this page, perhaps after the script has moved on to another stage.
    fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Complete | Stage::Cancelled(_))
    }

    fn has_event_details(&self) -> bool {
        self.starts_at.is_some() || self.data.ticket.as_ref().is_some_and(|ticket| ticket.venue.is_some())
    }

    /// Whether a bank may show the amount as reserved.
    fn was_authorized(&self) -> bool {
        use PaymentStatus::{Authorized, Failed, Voided, Voiding};
        let status = self.data.payment.as_ref().map(|payment| payment.status);
        matches!(status, Some(Authorized | Voiding | Voided | Failed))
    }
}
