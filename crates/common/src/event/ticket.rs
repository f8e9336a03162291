//! The data of `ticket.*` events.

use serde::{Deserialize, Serialize};

use super::Word;
use crate::{Money, OrderId, TicketId, Time, UserId};

/// A ticket's public state, and the order that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketSnapshot {
    /// The ticket.
    pub id: TicketId,
    /// The title.
    pub title: String,
    /// The venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<String>,
    /// The start of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Time>,
    /// The description, in events of former releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The price.
    pub price: Money,
    /// The seller.
    pub seller_id: UserId,
    /// The status.
    pub status: Word<TicketStatus>,
    /// The order that holds or bought the ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The end of the hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_until: Option<Time>,
    /// The version.
    pub version: u64,
    /// The time of listing.
    pub created_at: Time,
    /// The time of the last change.
    pub updated_at: Time,
    /// Whether the owner published this state again, because no consequence has followed. A consumer that has nothing to
    /// decide answers with its own state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
}

/// A ticket's status without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TicketStatus {
    /// For sale.
    Available,
    /// Locked for an order.
    Reserved,
    /// Sold.
    Sold,
    /// Withdrawn by its seller.
    Withdrawn,
}

/// A refused reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReservationRefused {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The order.
    pub order_id: OrderId,
    /// The reason.
    pub reason: Word<RefusalReason>,
}

/// The reason why a ticket was not locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalReason {
    /// The ticket is sold, withdrawn, still locked for another order, or unknown.
    TicketUnavailable,
    /// The price differs from the one that the buyer saw.
    PriceChanged,
}
