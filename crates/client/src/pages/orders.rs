//! `GET /orders`: the user's orders, newest first.

use askama::Template;
use axum::extract::State;
use common::event::{OrderSnapshot, OrderStatus};
use common::http::Query;
use http::StatusCode;

use super::{PageResult, with_cursor};
use crate::client::Client;
use crate::datetime::TimeTag;
use crate::layout::Layout;
use crate::visitor::Visitor;
use crate::{price, render};

#[derive(Template)]
#[template(path = "orders.html")]
struct OrdersPage {
    layout: Layout,
    /// `None` while orders is unavailable.
    orders: Option<Vec<Row>>,
    /// The address of the next page.
    more: Option<String>,
}

struct Row {
    order: OrderSnapshot,
    price: String,
    placed_at: TimeTag,
    pay_by: TimeTag,
}

impl From<OrderSnapshot> for Row {
    fn from(order: OrderSnapshot) -> Self {
        Self {
            price: price::format(order.ticket.price),
            placed_at: order.created_at.into(),
            pay_by: order.expires_at.into(),
            order,
        }
    }
}

impl Row {
    fn can_be_paid(&self) -> bool {
        self.order.status == OrderStatus::AwaitingPayment
    }

    /// The CSS class of the status.
    fn status_class(&self) -> &'static str {
        match self.order.status.known() {
            Some(OrderStatus::Complete) => "complete",
            Some(OrderStatus::Cancelled) => "cancelled",
            Some(OrderStatus::Created | OrderStatus::AwaitingPayment | OrderStatus::Paying) | None => "open",
        }
    }
}

pub(crate) async fn show(State(client): State<Client>, query: Query, visitor: Visitor) -> PageResult {
    if visitor.user.is_none() {
        return Ok(visitor.redirect_to_sign_in());
    }
    let path = with_cursor("/api/orders", query.get("cursor"));
    let (orders, next) = client.api.list::<OrderSnapshot>(&visitor.caller, &path).await?;
    let orders = orders.map(|all| all.into_iter().map(Row::from).collect());
    let more = next.map(|cursor| with_cursor("/orders", Some(&cursor)));
    Ok(render::page(StatusCode::OK, &OrdersPage { layout: Layout::of(&visitor), orders, more }))
}
