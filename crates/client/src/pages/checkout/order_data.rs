//! The data of an order, loaded from three services.

use std::time::Duration;

use common::event::{DisputeStatus, OrderSnapshot, OrderStatus, PaymentStatus};
use common::{Money, OrderId, PaymentId, Time, poll_until};
use serde::Deserialize;

use crate::api::{Api, ApiError, Caller, ListReply};

/// The wait for a just placed order to reserve its ticket, so that the page opens with the card form.
const RESERVE_TIMEOUT: Duration = Duration::from_secs(1);

/// The data of an order.
pub(super) struct OrderData {
    /// The order.
    pub(super) order: OrderSnapshot,
    /// The payment, once created.
    pub(super) payment: Option<Payment>,
    /// The receipt, once paid.
    pub(super) receipt: Option<Receipt>,
    /// The event, as the ticket names it now.
    pub(super) ticket: Option<Ticket>,
}

#[derive(Deserialize)]
pub(super) struct Payment {
    pub(super) id: PaymentId,
    pub(super) status: PaymentStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    /// The time of the capture.
    pub(super) paid_at: Option<Time>,
    pub(super) refunded: Money,
    pub(super) dispute: Option<DisputeStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticket {
    pub(super) venue: Option<String>,
    pub(super) starts_at: Option<Time>,
}

impl OrderData {
    /// Loads the order and what else is available: only the order is required.
    pub(super) async fn load(api: &Api, caller: &Caller, id: OrderId) -> Result<Self, ApiError> {
        let order = reserved_order(api, caller, id).await?;
        let payment_path = format!("/api/payments?orderId={id}");
        let ticket_path = format!("/api/tickets/{}", order.ticket.id);
        let (payment, ticket) = futures::join!(api.get(caller, &payment_path), api.get(caller, &ticket_path));
        let payments = payment.and_then(|reply| reply.json::<ListReply<Payment>>());
        let payment = payments.ok().and_then(|payments| payments.items.into_iter().next());
        let receipt = match &payment {
            Some(payment) if order.status == OrderStatus::Complete => receipt(api, caller, payment.id).await,
            _ => None,
        };
        Ok(Self { order, payment, receipt, ticket: ticket.and_then(|reply| reply.json()).ok() })
    }
}

async fn receipt(api: &Api, caller: &Caller, payment: PaymentId) -> Option<Receipt> {
    let reply = api.get(caller, &format!("/api/payments/{payment}/receipt")).await;
    reply.and_then(|reply| reply.json()).ok()
}

async fn reserved_order(api: &Api, caller: &Caller, id: OrderId) -> Result<OrderSnapshot, ApiError> {
    let path = format!("/api/orders/{id}");
    let read = async || api.get(caller, &path).await?.json::<OrderSnapshot>();
    let is_reserved = |order: &OrderSnapshot| order.status != OrderStatus::Created;
    let order = read().await?;
    if is_reserved(&order) {
        return Ok(order);
    }
    let poll = async || -> Result<_, ApiError> { Ok(Some(read().await?).filter(is_reserved)) };
    Ok(poll_until(RESERVE_TIMEOUT, poll).await?.unwrap_or(order))
}
