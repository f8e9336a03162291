//! The response bodies of tickets, and their refusals as problems.

use common::event::{DisputeStatus, TicketSnapshot, TicketStatus, Word};
use common::{FieldError, Money, OrderId, Problem, TicketId, Time, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{PostCapture, Refusal, Ticket};

/// A ticket as the public sees it: without its buyer and order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Ticket)]
pub(crate) struct TicketView {
    id: TicketId,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    venue: Option<String>,
    /// The start.
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    price: Money,
    seller_id: UserId,
    #[schema(value_type = TicketStatus)]
    status: Word<TicketStatus>,
    /// The deadline of the order that holds the ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    reserved_until: Option<Time>,
    /// The version; also the `ETag`.
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
    /// The order that holds or bought the ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
    /// How much of the price was refunded to the buyer, if any. The ticket stays theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Money>,
    /// The state of the buyer's dispute, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<DisputeStatus>,
}

impl From<&Ticket> for OwnTicketView {
    fn from(ticket: &Ticket) -> Self {
        let PostCapture { refunded, dispute, .. } = ticket.post_capture();
        Self { ticket: ticket.into(), order_id: ticket.order(), refunded, dispute }
    }
}

/// The ticket, if it exists and this user sells it; else 404 or 403.
pub(super) fn owned(ticket: Option<&Ticket>, user: UserId) -> Result<&Ticket, Problem> {
    let ticket = ticket.ok_or_else(Problem::not_found)?;
    ticket.check_seller(user)?;
    Ok(ticket)
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Late => Self::not_valid(vec![FieldError::new("startsAt", detail)]),
            Refusal::NotYours => Self::not_yours(),
            Refusal::Reserved => Self::conflict("ticket-reserved", detail),
            Refusal::Sold => Self::conflict("ticket-sold", detail),
            Refusal::Withdrawn => Self::conflict("ticket-withdrawn", detail),
        }
    }
}
