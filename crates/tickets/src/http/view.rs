//! How a ticket looks from outside.

use common::event::{DisputeStatus, TicketSnapshot, TicketStatus};
use common::{Money, OrderId, TicketId, Time, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Aftermath, Ticket};

/// A ticket as everybody sees it. Who holds or bought it is nobody's business.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Ticket)]
pub(crate) struct TicketView {
    id: TicketId,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    venue: Option<String>,
    /// When it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    price: Money,
    seller_id: UserId,
    status: TicketStatus,
    /// Until when it is locked for somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    reserved_until: Option<Time>,
    /// Its revision; also its `ETag`.
    version: u64,
    created_at: Time,
    updated_at: Time,
}

impl From<&Ticket> for TicketView {
    fn from(ticket: &Ticket) -> Self {
        ticket.snapshot().into()
    }
}

impl From<TicketSnapshot> for TicketView {
    fn from(ticket: TicketSnapshot) -> Self {
        Self {
            id: ticket.id,
            title: ticket.title,
            venue: ticket.venue,
            starts_at: ticket.starts_at,
            description: ticket.description,
            price: ticket.price,
            seller_id: ticket.seller_id,
            status: ticket.status,
            reserved_until: ticket.reserved_until,
            version: ticket.version,
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
        }
    }
}

/// A ticket as its seller, holder or buyer sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OwnTicket)]
pub(crate) struct OwnTicketView {
    #[serde(flatten)]
    ticket: TicketView,
    /// The order that holds or bought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
    /// How much of the price went back to the buyer after the sale, if any. The ticket stays theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Money>,
    /// How far the buyer's dispute of the payment is, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<DisputeStatus>,
}

impl From<&Ticket> for OwnTicketView {
    fn from(ticket: &Ticket) -> Self {
        let Aftermath { refunded, dispute, .. } = ticket.aftermath();
        Self { ticket: ticket.into(), order_id: ticket.order(), refunded, dispute }
    }
}
