//! An order as its buyer sees it.

use common::event::{CancelReason, DisputeStatus, OrderSnapshot, OrderStatus, OrderedTicket};
use common::{Money, OrderId, Time, UserId};
use serde::Serialize;

use crate::domain::Order;

/// An order as its buyer sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Order)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderBody {
    /// Its id.
    id: OrderId,
    /// The buyer.
    user_id: UserId,
    /// What is bought, and at what price.
    ticket: OrderedTicket,
    /// How far it is.
    status: OrderStatus,
    /// Why it was cancelled, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_reason: Option<CancelReason>,
    /// How much of the price went back to you, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Money>,
    /// How far your dispute of the payment is, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<DisputeStatus>,
    /// Until when it can be paid.
    expires_at: Time,
    /// Its revision.
    version: u64,
    /// When it was placed.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
}

impl From<Order> for OrderBody {
    fn from(order: Order) -> Self {
        order.snapshot().into()
    }
}

impl From<OrderSnapshot> for OrderBody {
    fn from(order: OrderSnapshot) -> Self {
        Self {
            id: order.id,
            user_id: order.user_id,
            ticket: order.ticket,
            status: order.status,
            cancel_reason: order.cancel_reason,
            refunded: order.refunded,
            dispute: order.dispute,
            expires_at: order.expires_at,
            version: order.version,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}
