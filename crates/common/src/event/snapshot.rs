//! The public state of each aggregate as its events carry it (event-carried state transfer).
//!
//! Readers ignore fields that they do not know, so a field may be added; one that is removed or narrowed is a
//! new schema.

use serde::{Deserialize, Serialize};

use crate::{Money, OrderId, PaymentId, SessionId, TicketId, Time, UserId};

/// A ticket's whole public state, and for whom it is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketSnapshot {
    /// The ticket.
    pub id: TicketId,
    /// What it is for.
    pub title: String,
    /// Where it takes place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<String>,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Time>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it costs.
    pub price: Money,
    /// Who sells it.
    pub seller_id: UserId,
    /// Its state.
    pub status: TicketStatus,
    /// The order that holds or bought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// Until when it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_until: Option<Time>,
    /// Its revision.
    pub version: u64,
    /// When it was listed.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// A ticket's state, without what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TicketStatus {
    /// For sale.
    Available,
    /// Locked for an order.
    Reserved,
    /// Bought.
    Sold,
    /// Taken back by its seller.
    Withdrawn,
}

/// Why a ticket was not locked for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReservationRefused {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The order that wanted it.
    pub order_id: OrderId,
    /// Why not.
    pub reason: RefusalReason,
}

/// Why a ticket was not locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalReason {
    /// It is sold, withdrawn, still held by another order, or unknown.
    TicketUnavailable,
    /// It costs something else than what the buyer saw.
    PriceChanged,
}

/// An order's whole state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSnapshot {
    /// The order.
    pub id: OrderId,
    /// The buyer.
    pub user_id: UserId,
    /// What is bought, and at what price.
    pub ticket: OrderedTicket,
    /// Its state.
    pub status: OrderStatus,
    /// Why it was cancelled, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<CancelReason>,
    /// How much of the price went back to the buyer, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// How far the buyer's dispute of the payment is, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<DisputeStatus>,
    /// Until when the ticket is held.
    pub expires_at: Time,
    /// Its revision.
    pub version: u64,
    /// When it was placed.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// The ticket as it stood when it was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderedTicket {
    /// The ticket.
    pub id: TicketId,
    /// What it is for.
    pub title: String,
    /// The price that the buyer saw.
    pub price: Money,
    /// Who sells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller_id: Option<UserId>,
}

/// An order's state, without what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderStatus {
    /// Placed; the ticket is not locked yet.
    Created,
    /// The ticket is locked for the buyer.
    AwaitingPayment,
    /// The payment was accepted in time; it is being captured.
    Paying,
    /// Paid; the ticket is the buyer's.
    Complete,
    /// Over without a sale.
    Cancelled,
}

/// Why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CancelReason {
    /// The buyer gave it up.
    ByBuyer,
    /// It was not paid in time.
    Expired,
    /// The ticket could not be locked.
    TicketUnavailable,
    /// The ticket costs something else by now.
    PriceChanged,
    /// The money could not be captured.
    PaymentFailed,
}

/// A hold has run out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadlinePassed {
    /// The order whose time is up.
    pub order_id: OrderId,
    /// When it was up.
    pub expires_at: Time,
}

/// A payment's public state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentSnapshot {
    /// The payment.
    pub id: PaymentId,
    /// What it pays for.
    pub order_id: OrderId,
    /// Its state.
    pub status: PaymentStatus,
    /// How much.
    pub amount: Money,
    /// How much of it went back to the buyer, once any did. Nothing, if that refund failed later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// How far the buyer's dispute of it is, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<DisputeStatus>,
    /// Its revision.
    pub version: u64,
    /// When it was begun.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// A payment's state, without what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentStatus {
    /// Waiting for the buyer's card.
    RequiresPayment,
    /// The card holder's bank holds the money; nothing has moved.
    Authorized,
    /// The money shall be taken.
    Capturing,
    /// The money was taken.
    Captured,
    /// The money could not be taken, and nothing is held any more.
    Failed,
    /// The authorization shall be given up.
    Voiding,
    /// Nothing is held, and nothing can be taken any more.
    Voided,
    /// The money shall go back.
    Refunding,
    /// The money went back.
    Refunded,
}

/// How far a dispute is: the buyer asked their bank to take the money back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DisputeStatus {
    /// Not decided yet. The money is withdrawn meanwhile.
    Open,
    /// The money came back to us.
    Won,
    /// The money stays withdrawn.
    Lost,
}

/// A session ended before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRevoked {
    /// The session.
    pub session_id: SessionId,
    /// Whose it was.
    pub user_id: UserId,
    /// When the last token that was issued for it runs out: from then on nobody needs to remember this.
    pub tokens_expire_at: Time,
}
