//! `GET /sales`: what one has sold, and what it earned.

use askama::Template;
use axum::extract::State;
use common::event::DisputeStatus;
use common::http::Query;
use common::{Money, TicketId, Time};
use http::StatusCode;
use serde::Deserialize;

use super::Shown;
use super::card::Listed;
use super::orders::with_cursor;
use crate::api::ApiError;
use crate::client::Client;
use crate::frame::Frame;
use crate::visitor::Visitor;
use crate::when::When;
use crate::{price, render};

#[derive(Template)]
#[template(path = "sales.html")]
struct SalesPage {
    frame: Frame,
    /// `None`: they cannot be shown right now.
    sales: Option<Vec<Sale>>,
    /// The address of the next page.
    more: Option<String>,
}

/// One sale, as payments states it.
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

    fn sold_at(&self) -> Option<When> {
        self.paid_at.map(When::from)
    }

    /// What went back of it.
    fn given_back(&self) -> Option<Money> {
        Some(self.refunded).filter(|money| money.amount > 0)
    }
}

/// The sales, newest first.
pub(crate) async fn show(State(client): State<Client>, query: Query, visitor: Visitor) -> Shown {
    if visitor.person.is_none() {
        return Ok(visitor.sent_to_sign_in());
    }
    let path = with_cursor("/api/payments/statement", query.get("cursor"));
    let asked = client.api.get(&visitor.caller, &path).await;
    let (sales, next) = match asked.and_then(|reply| reply.json::<Listed<Sale>>()) {
        Ok(page) => (Some(page.items), page.next),
        Err(ApiError::Away) => (None, None),
        Err(refused) => return Err(refused.into()),
    };
    let more = next.map(|cursor| with_cursor("/sales", Some(&cursor)));
    Ok(render::page(StatusCode::OK, &SalesPage { frame: Frame::of(&visitor), sales, more }))
}

fn show_price(money: &Money) -> String {
    price::show(*money)
}
