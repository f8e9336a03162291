//! `GET /orders`: every order of one's own, the newest first.

use askama::Template;
use axum::extract::State;
use common::event::{OrderSnapshot, OrderStatus};
use common::http::Query;
use http::StatusCode;

use super::Shown;
use super::card::Listed;
use crate::api::ApiError;
use crate::client::Client;
use crate::frame::Frame;
use crate::visitor::Visitor;
use crate::when::When;
use crate::{price, render};

#[derive(Template)]
#[template(path = "orders.html")]
struct OrdersPage {
    frame: Frame,
    /// `None`: they cannot be shown right now.
    orders: Option<Vec<Row>>,
    /// The address of the next page.
    more: Option<String>,
}

struct Row {
    order: OrderSnapshot,
    price: String,
    placed: When,
    pay_by: When,
}

impl From<OrderSnapshot> for Row {
    fn from(order: OrderSnapshot) -> Self {
        Self {
            price: price::show(order.ticket.price),
            placed: order.created_at.into(),
            pay_by: order.expires_at.into(),
            order,
        }
    }
}

impl Row {
    fn can_be_paid(&self) -> bool {
        self.order.status == OrderStatus::AwaitingPayment
    }

    fn class(&self) -> &'static str {
        state_class(self.order.status)
    }
}

/// The class of an order's state.
pub(crate) const fn state_class(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Created | OrderStatus::AwaitingPayment | OrderStatus::Paying => "open",
        OrderStatus::Complete => "complete",
        OrderStatus::Cancelled => "cancelled",
    }
}

/// The orders.
pub(crate) async fn show(State(client): State<Client>, query: Query, visitor: Visitor) -> Shown {
    if visitor.person.is_none() {
        return Ok(visitor.sent_to_sign_in());
    }
    let path = with_cursor("/api/orders", query.get("cursor"));
    let asked = client.api.get(&visitor.caller, &path).await;
    let (orders, next) = match asked.and_then(|reply| reply.json::<Listed<OrderSnapshot>>()) {
        Ok(page) => (Some(page.items.into_iter().map(Row::from).collect()), page.next),
        Err(ApiError::Away) => (None, None),
        Err(refused) => return Err(refused.into()),
    };
    let more = next.map(|cursor| with_cursor("/orders", Some(&cursor)));
    Ok(render::page(StatusCode::OK, &OrdersPage { frame: Frame::of(&visitor), orders, more }))
}

/// The address of a page of a list.
pub(crate) fn with_cursor(path: &str, cursor: Option<&str>) -> String {
    let Some(cursor) = cursor else { return path.to_owned() };
    let query = serde_urlencoded::to_string([("cursor", cursor)]).unwrap_or_default();
    format!("{path}?{query}")
}
