//! What the services know of an order.

use std::time::Duration;

use common::event::{DisputeStatus, OrderSnapshot, OrderStatus, PaymentStatus};
use common::{Money, OrderId, PaymentId, Time, poll_until};
use serde::Deserialize;

use crate::api::{Api, ApiError, Caller};
use crate::pages::card::Listed;

/// How long the page of an order that was placed a moment ago waits for its ticket to be locked, so that it can begin
/// with the card.
const LOCKED_WITHIN: Duration = Duration::from_secs(1);

/// What the services know of an order.
pub(super) struct Known {
    /// The order.
    pub(super) order: OrderSnapshot,
    /// Its payment, once it has begun.
    pub(super) payment: Option<Payment>,
    /// What was paid and what went back, once it is paid.
    pub(super) receipt: Option<Receipt>,
    /// What its ticket says now.
    pub(super) ticket: Option<Ticket>,
}

/// A payment.
#[derive(Deserialize)]
pub(super) struct Payment {
    /// Its number.
    pub(super) id: PaymentId,
    /// How far it is.
    pub(super) status: PaymentStatus,
}

/// What was paid and what went back.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    /// When it was paid.
    pub(super) paid_at: Option<Time>,
    /// How much went back.
    pub(super) refunded: Money,
    /// How far the buyer's dispute is.
    pub(super) dispute: Option<DisputeStatus>,
}

/// What a ticket says of the event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticket {
    /// Where it takes place.
    pub(super) venue: Option<String>,
    /// When it begins.
    pub(super) starts_at: Option<Time>,
}

impl Known {
    /// Asks for all of it. Only the order itself is needed: the page can do without the rest.
    pub(super) async fn ask(api: &Api, caller: &Caller, id: OrderId) -> Result<Self, ApiError> {
        let order = locked_order(api, caller, id).await?;
        let payment_path = format!("/api/payments?orderId={id}");
        let ticket_path = format!("/api/tickets/{}", order.ticket.id);
        let (payment, ticket) = futures::join!(api.get(caller, &payment_path), api.get(caller, &ticket_path));
        let payments = payment.and_then(|reply| reply.json::<Listed<Payment>>());
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

async fn locked_order(api: &Api, caller: &Caller, id: OrderId) -> Result<OrderSnapshot, ApiError> {
    let path = format!("/api/orders/{id}");
    let ask = async || api.get(caller, &path).await?.json::<OrderSnapshot>();
    let is_placed = |order: &OrderSnapshot| order.status != OrderStatus::Created;
    let order = ask().await?;
    if is_placed(&order) {
        return Ok(order);
    }
    let look = async || -> Result<_, ApiError> { Ok(Some(ask().await?).filter(is_placed)) };
    Ok(poll_until(LOCKED_WITHIN, look).await?.unwrap_or(order))
}
