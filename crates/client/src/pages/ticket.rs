//! `GET /tickets/{id}`: everything about a ticket, and what the visitor can do with it.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use common::event::{DisputeStatus, TicketSnapshot, TicketStatus};
use common::http::PathId;
use common::{Money, OrderId, Problem, TicketId};
use http::StatusCode;
use serde::Deserialize;

use super::Shown;
use super::card::Listed;
use crate::client::Client;
use crate::frame::{Frame, sign_in_for};
use crate::price;
use crate::render;
use crate::visitor::Visitor;
use crate::when::When;

#[derive(Template)]
#[template(path = "ticket.html")]
struct TicketPage {
    frame: Frame,
    ticket: TicketSnapshot,
    standing: Standing,
    /// Why what was just tried did not work.
    fault: Option<String>,
    /// The address that other sites are told.
    url: Option<String>,
    /// For how long it is still held.
    left: Duration,
}

/// What only those see of a ticket whose it is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnTicket {
    id: Option<TicketId>,
    order_id: Option<OrderId>,
    /// What went back to the buyer.
    refunded: Option<Money>,
    /// How far the buyer's dispute is.
    dispute: Option<DisputeStatus>,
}

/// How a visitor stands to a ticket.
pub(crate) enum Standing {
    /// They can buy it; the key makes a form that is sent twice count once.
    CanBuy(Arc<str>),
    /// They could, were they signed in.
    Stranger,
    /// It is theirs to sell.
    Own,
    /// It is theirs, and held for somebody.
    OwnHeld,
    /// They sold it, and this became of the money.
    OwnSold(OwnTicket),
    /// They took it back.
    OwnWithdrawn,
    /// Somebody else is buying it.
    Held,
    /// They are buying it.
    HeldByThem(OrderId),
    /// Somebody else has bought it.
    Sold,
    /// They have bought it.
    BoughtByThem(OrderId),
    /// Its seller took it back.
    Withdrawn,
}

/// A ticket.
pub(crate) async fn show(
    State(client): State<Client>,
    id: PathId<TicketId>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Shown {
    let url = address(&client, &headers, &visitor);
    page(&client, &visitor, id.parse()?, StatusCode::OK, None, url).await
}

/// The page of a ticket after something with it did not work.
pub(crate) async fn after(
    client: &Client,
    visitor: &Visitor,
    id: TicketId,
    status: StatusCode,
    fault: String,
) -> Shown {
    page(client, visitor, id, status, Some(fault), None).await
}

async fn page(
    client: &Client,
    visitor: &Visitor,
    id: TicketId,
    status: StatusCode,
    fault: Option<String>,
    url: Option<String>,
) -> Result<Response, Problem> {
    let ticket = find(client, visitor, id).await?;
    let standing = standing(client, visitor, &ticket).await;
    let mut frame = Frame::of(visitor);
    // Signing in leads back to the ticket, not to the form that did not work.
    frame.place = format!("/tickets/{id}");
    // Whoever already holds it was not too late.
    let held = matches!(standing, Standing::HeldByThem(_));
    let fault = fault.map(|fault| if held { frame.t.ticket.held_by_you.to_owned() } else { fault });
    let left = ticket.reserved_until.map(|until| until - client.context.clock.now()).unwrap_or_default();
    Ok(render::page(status, &TicketPage { frame, ticket, standing, fault, url, left }))
}

/// A ticket as the API shows it.
pub(crate) async fn find(
    client: &Client,
    visitor: &Visitor,
    id: TicketId,
) -> Result<TicketSnapshot, Problem> {
    let reply = client.api.get(&visitor.caller, &format!("/api/tickets/{id}")).await?;
    Ok(reply.json()?)
}

async fn standing(client: &Client, visitor: &Visitor, ticket: &TicketSnapshot) -> Standing {
    let own = visitor.is(ticket.seller_id);
    match ticket.status {
        TicketStatus::Available if own => Standing::Own,
        TicketStatus::Available if visitor.person.is_some() => Standing::CanBuy(client.fresh_key()),
        TicketStatus::Available => Standing::Stranger,
        TicketStatus::Reserved if own => Standing::OwnHeld,
        TicketStatus::Reserved => {
            order(client, visitor, ticket.id, "holding").await.map_or(Standing::Held, Standing::HeldByThem)
        }
        TicketStatus::Sold if own => {
            let sale = own_ticket(client, visitor, ticket.id, "selling").await;
            Standing::OwnSold(sale.unwrap_or_default())
        }
        TicketStatus::Sold => {
            order(client, visitor, ticket.id, "bought").await.map_or(Standing::Sold, Standing::BoughtByThem)
        }
        TicketStatus::Withdrawn if own => Standing::OwnWithdrawn,
        TicketStatus::Withdrawn => Standing::Withdrawn,
    }
}

/// The visitor's own order of a ticket.
async fn order(client: &Client, visitor: &Visitor, id: TicketId, role: &str) -> Option<OrderId> {
    own_ticket(client, visitor, id, role).await?.order_id
}

/// What only those see whose ticket it is. Whoever has had more than a hundred since finds it in their list.
async fn own_ticket(client: &Client, visitor: &Visitor, id: TicketId, role: &str) -> Option<OwnTicket> {
    visitor.person.as_ref()?;
    let path = format!("/api/tickets/mine?role={role}&limit=100");
    let reply = client.api.get(&visitor.caller, &path).await.ok()?;
    let listed = reply.json::<Listed<OwnTicket>>().ok()?;
    listed.items.into_iter().find(|ticket| ticket.id == Some(id))
}

/// The whole address of the page.
fn address(client: &Client, headers: &HeaderMap, visitor: &Visitor) -> Option<String> {
    let path = visitor.place.split('?').next()?;
    let host = || headers.get(http::header::HOST)?.to_str().ok().map(|host| format!("http://{host}"));
    let origin = client.context.public_url.clone().or_else(host)?;
    Some(format!("{origin}{path}"))
}

impl TicketPage {
    fn starts_at(&self) -> Option<When> {
        self.ticket.starts_at.map(When::from)
    }

    fn held_until(&self) -> Option<When> {
        self.ticket.reserved_until.map(When::from)
    }

    fn time_left(&self) -> String {
        self.frame.t.ticket.left.replace("{time}", &self.frame.t.minutes(self.left))
    }

    fn listed(&self) -> When {
        self.ticket.created_at.into()
    }

    fn price(&self) -> String {
        price::show(self.ticket.price)
    }

    fn plain_price(&self) -> String {
        price::plain(self.ticket.price)
    }

    fn buy(&self) -> String {
        self.frame.t.ticket.buy.replace("{price}", &self.price())
    }

    /// One sentence for those who see a link to it elsewhere.
    fn summary(&self) -> String {
        let venue = self.ticket.venue.as_deref().map(|venue| format!("{venue} · ")).unwrap_or_default();
        format!("{venue}{} · {}", self.price(), self.frame.t.ticket(self.ticket.status))
    }

    fn sign_up(&self) -> String {
        sign_in_for("/auth/signup", &self.frame.place)
    }
}
