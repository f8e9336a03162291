//! The response bodies of orders, and their refusals as problems.

use common::event::{CancelReason, DisputeStatus, OrderSnapshot, OrderStatus, OrderedTicket, Word};
use common::{Money, OrderId, Problem, Time, UserId};
use serde::Serialize;

use crate::domain::{Order, Refusal};

/// An order as its buyer sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Order)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderView {
    /// The order's id.
    id: OrderId,
    /// The buyer.
    user_id: UserId,
    /// The ticket, at the ordered price.
    ticket: OrderedTicket,
    /// The state of the purchase.
    #[schema(value_type = OrderStatus)]
    status: Word<OrderStatus>,
    /// Why the order was cancelled, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CancelReason>)]
    cancel_reason: Option<Word<CancelReason>>,
    /// How much of the price was refunded, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Money>,
    /// The state of the buyer's dispute, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DisputeStatus>)]
    dispute: Option<Word<DisputeStatus>>,
    /// The deadline of the payment.
    expires_at: Time,
    /// The version; also the `ETag`.
    version: u64,
    /// When the order was placed.
    created_at: Time,
    /// When the order last changed.
    updated_at: Time,
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        order.snapshot().into()
    }
}

impl From<OrderSnapshot> for OrderView {
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

/// The order, if it exists and is this buyer's; else 404 or 403.
pub(super) fn owned(order: Option<&Order>, buyer: UserId) -> Result<&Order, Problem> {
    let order = order.ok_or_else(Problem::not_found)?;
    if order.user_id == buyer { Ok(order) } else { Err(Problem::not_yours()) }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (code, detail) = match refusal {
            Refusal::OwnTicket => {
                ("own-ticket", "This is your own ticket; withdraw it if you want to keep it.")
            }
            Refusal::TicketSold => ("ticket-sold", "This ticket is sold; choose another one."),
            Refusal::TicketWithdrawn => {
                ("ticket-withdrawn", "The seller withdrew this ticket; choose another one.")
            }
            Refusal::TicketReserved => (
                "ticket-reserved",
                "Another buyer has reserved this ticket; it is on sale again if they do not pay in time.",
            ),
            Refusal::ReservedByYou => (
                "ticket-reserved",
                "You have ordered this ticket already; pay for that order, or cancel it first.",
            ),
            Refusal::PriceChanged => {
                ("price-changed", "The price has changed since you saw it; reload the ticket.")
            }
            Refusal::Paying => (
                "order-paying",
                "The payment of this order is in progress, so it can no longer be cancelled.",
            ),
            Refusal::Complete => ("order-complete", "This order is paid, so it can no longer be cancelled."),
        };
        Self::conflict(code, detail)
    }
}
