//! `GET /tickets/{id}`: a ticket, and the actions that are open to the visitor.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use common::event::{DisputeStatus, TicketSnapshot, TicketStatus};
use common::http::PathId;
use common::{Money, OrderId, Problem, TicketId};
use http::StatusCode;
use serde::Deserialize;

use super::PageResult;
use crate::api::ListReply;
use crate::client::Client;
use crate::datetime::TimeTag;
use crate::layout::Layout;
use crate::return_to::with_return_to;
use crate::visitor::Visitor;
use crate::{price, render};

#[derive(Template)]
#[template(path = "ticket.html")]
struct TicketPage {
    layout: Layout,
    ticket: TicketSnapshot,
    state: PurchaseState,
    /// The error of a failed action.
    error: Option<String>,
    /// The canonical URL, for other sites.
    url: Option<String>,
    /// The rest of the hold.
    time_left: Duration,
}

/// The fields of a ticket that only its seller or buyer sees.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnTicket {
    id: Option<TicketId>,
    order_id: Option<OrderId>,
    /// The refunded amount.
    refunded: Option<Money>,
    /// The buyer's dispute.
    dispute: Option<DisputeStatus>,
}

/// The ticket's status as it concerns the visitor.
enum PurchaseState {
    /// On sale. The idempotency key makes a form that is sent twice count once.
    CanBuy(Arc<str>),
    /// On sale, and the visitor is signed out.
    SignInToBuy,
    /// The visitor's own, on sale.
    Own,
    /// The visitor's own, held for a buyer.
    OwnHeld,
    /// Sold by the visitor.
    OwnSold(OwnTicket),
    /// Withdrawn by the visitor.
    OwnWithdrawn,
    /// Held for another buyer.
    Held,
    /// Held for the visitor.
    HeldByVisitor(OrderId),
    /// Sold to another buyer.
    Sold,
    /// Sold to the visitor.
    BoughtByVisitor(OrderId),
    /// Withdrawn by its seller.
    Withdrawn,
}

pub(crate) async fn show(
    State(client): State<Client>,
    id: PathId<TicketId>,
    visitor: Visitor,
    headers: HeaderMap,
) -> PageResult {
    let path = visitor.uri.split('?').next().unwrap_or_default();
    let url = client.origin(&headers).map(|origin| format!("{origin}{path}"));
    page(&client, &visitor, id.parse()?, StatusCode::OK, None, url).await
}

/// The page after a failed action.
pub(crate) async fn page_with_error(
    client: &Client,
    visitor: &Visitor,
    id: TicketId,
    status: StatusCode,
    error: String,
) -> PageResult {
    page(client, visitor, id, status, Some(error), None).await
}

async fn page(
    client: &Client,
    visitor: &Visitor,
    id: TicketId,
    status: StatusCode,
    error: Option<String>,
    url: Option<String>,
) -> PageResult {
    let ticket = load(client, visitor, id).await?;
    let state = purchase_state(client, visitor, &ticket).await;
    let mut layout = Layout::of(visitor);
    // Signing in returns to the ticket, not to the failed form.
    layout.uri = format!("/tickets/{id}");
    // For the buyer who holds the ticket already, a refusal is no news.
    let held = matches!(state, PurchaseState::HeldByVisitor(_));
    let error = error.map(|error| if held { layout.t.ticket.held_by_you.to_owned() } else { error });
    let time_left = ticket.reserved_until.map(|until| until - client.clock().now()).unwrap_or_default();
    Ok(render::page(status, &TicketPage { layout, ticket, state, error, url, time_left }))
}

pub(crate) async fn load(
    client: &Client,
    visitor: &Visitor,
    id: TicketId,
) -> Result<TicketSnapshot, Problem> {
    let reply = client.api.get(&visitor.caller, &format!("/api/tickets/{id}")).await?;
    Ok(reply.json()?)
}

async fn purchase_state(client: &Client, visitor: &Visitor, ticket: &TicketSnapshot) -> PurchaseState {
    let own = visitor.is_user(ticket.seller_id);
    let Some(status) = ticket.status.known() else { return PurchaseState::Withdrawn };
    match status {
        TicketStatus::Available if own => PurchaseState::Own,
        TicketStatus::Available if visitor.user.is_some() => {
            PurchaseState::CanBuy(client.new_idempotency_key())
        }
        TicketStatus::Available => PurchaseState::SignInToBuy,
        TicketStatus::Reserved if own => PurchaseState::OwnHeld,
        TicketStatus::Reserved => order(client, visitor, ticket.id, "holding")
            .await
            .map_or(PurchaseState::Held, PurchaseState::HeldByVisitor),
        TicketStatus::Sold if own => {
            let sale = own_ticket(client, visitor, ticket.id, "selling").await;
            PurchaseState::OwnSold(sale.unwrap_or_default())
        }
        TicketStatus::Sold => order(client, visitor, ticket.id, "bought")
            .await
            .map_or(PurchaseState::Sold, PurchaseState::BoughtByVisitor),
        TicketStatus::Withdrawn if own => PurchaseState::OwnWithdrawn,
        TicketStatus::Withdrawn => PurchaseState::Withdrawn,
    }
}

/// The visitor's order of a ticket.
async fn order(client: &Client, visitor: &Visitor, id: TicketId, role: &str) -> Option<OrderId> {
    own_ticket(client, visitor, id, role).await?.order_id
}

/// The visitor's own view of a ticket, if it is among the latest 100 of that role.
async fn own_ticket(client: &Client, visitor: &Visitor, id: TicketId, role: &str) -> Option<OwnTicket> {
    visitor.user.as_ref()?;
    let path = format!("/api/tickets/mine?role={role}&limit=100");
    let reply = client.api.get(&visitor.caller, &path).await.ok()?;
    let list = reply.json::<ListReply<OwnTicket>>().ok()?;
    list.items.into_iter().find(|ticket| ticket.id == Some(id))
}

impl TicketPage {
    fn starts_at(&self) -> Option<TimeTag> {
        self.ticket.starts_at.map(TimeTag::from)
    }

    fn held_until(&self) -> Option<TimeTag> {
        self.ticket.reserved_until.map(TimeTag::from)
    }

    fn time_left(&self) -> String {
        self.layout.t.ticket.left.replace("{time}", &self.layout.t.minutes(self.time_left))
    }

    fn listed_at(&self) -> TimeTag {
        self.ticket.created_at.into()
    }

    fn price(&self) -> String {
        price::format(self.ticket.price)
    }

    fn decimal_price(&self) -> String {
        price::to_decimal(self.ticket.price)
    }

    fn buy_label(&self) -> String {
        self.layout.t.ticket.buy.replace("{price}", &self.price())
    }

    /// The description for link previews.
    fn summary(&self) -> String {
        let venue = self.ticket.venue.as_deref().map(|venue| format!("{venue} · ")).unwrap_or_default();
        format!("{venue}{} · {}", self.price(), self.layout.t.ticket_status(&self.ticket.status))
    }

    fn sign_up(&self) -> String {
        with_return_to("/auth/signup", &self.layout.uri)
    }
}
