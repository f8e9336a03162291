//! `GET /sales`: the sales of the user, with the proceeds.

use askama::Template;
use axum::extract::State;
use common::event::DisputeStatus;
use common::http::Query;
use common::{Money, TicketId, Time};
use http::StatusCode;
use serde::Deserialize;

use super::{PageResult, with_cursor};
use crate::client::Client;
use crate::datetime::TimeTag;
use crate::layout::Layout;
use crate::render;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "sales.html")]
struct SalesPage {
    layout: Layout,
    /// `None` while payments is unavailable.
    sales: Option<Vec<Sale>>,
    /// The address of the next page.
    more: Option<String>,
}

/// One sale of payments' statement.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sale {
    ticket_id: TicketId,
    title: Option<String>,
    paid: Money,
    refunded: Money,
    dispute: Option<DisputeStatus>,
    proceeds: Money,
    paid_at: Option<Time>,
}

impl Sale {
    fn title(&self) -> String {
        self.title.clone().unwrap_or_else(|| self.ticket_id.to_string())
    }

    fn sold_at(&self) -> Option<TimeTag> {
        self.paid_at.map(TimeTag::from)
    }

    /// The refunded amount, if any.
    fn refund(&self) -> Option<Money> {
        Some(self.refunded).filter(|money| money.amount > 0)
    }
}

pub(crate) async fn show(State(client): State<Client>, query: Query, visitor: Visitor) -> PageResult {
    if visitor.user.is_none() {
        return Ok(visitor.redirect_to_sign_in());
    }
    let path = with_cursor("/api/payments/statement", query.get("cursor"));
    let (sales, next) = client.api.list(&visitor.caller, &path).await?;
    let more = next.map(|cursor| with_cursor("/sales", Some(&cursor)));
    Ok(render::page(StatusCode::OK, &SalesPage { layout: Layout::of(&visitor), sales, more }))
}
