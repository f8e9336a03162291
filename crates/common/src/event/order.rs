//! The data of `order.*` events, and of the deadline of an order.

use serde::{Deserialize, Serialize};

use super::{DisputeStatus, Word};
use crate::{Money, OrderId, TicketId, Time, UserId};

/// An order's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSnapshot {
    /// The order.
    pub id: OrderId,
    /// The buyer.
    pub user_id: UserId,
    /// The ordered ticket.
    pub ticket: OrderedTicket,
    /// The status.
    pub status: Word<OrderStatus>,
    /// The reason of the cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<Word<CancelReason>>,
    /// The amount refunded to the buyer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// The buyer's dispute of the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Word<DisputeStatus>>,
    /// The deadline of the payment.
    pub expires_at: Time,
    /// The version.
    pub version: u64,
    /// The time of ordering.
    pub created_at: Time,
    /// The time of the last change.
    pub updated_at: Time,
    /// Whether the owner published this state again, because no consequence has followed. A consumer that has nothing to
    /// decide answers with its own state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
}

/// The ticket at the time of ordering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderedTicket {
    /// The ticket.
    pub id: TicketId,
    /// The title.
    pub title: String,
    /// The price that the buyer saw.
    pub price: Money,
    /// The seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller_id: Option<UserId>,
    /// The venue. Absent in orders of former releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<String>,
    /// The start of the event. Absent in orders of former releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Time>,
}

/// An order's status without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderStatus {
    /// The ticket is not locked yet.
    Created,
    /// The ticket is locked for the buyer.
    AwaitingPayment,
    /// The payment was accepted in time and is being captured.
    Paying,
    /// Paid; the buyer has the ticket.
    Complete,
    /// Ended without a sale.
    Cancelled,
}

/// The reason why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CancelReason {
    /// The buyer cancelled it.
    ByBuyer,
    /// The deadline passed without a payment.
    Expired,
    /// The ticket could not be locked.
    TicketUnavailable,
    /// The price changed.
    PriceChanged,
    /// The payment could not be captured.
    PaymentFailed,
    /// The account of the buyer or of the seller was deleted.
    AccountClosed,
}

/// The deadline of an order has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadlinePassed {
    /// The order.
    pub order_id: OrderId,
    /// The deadline.
    pub expires_at: Time,
}
