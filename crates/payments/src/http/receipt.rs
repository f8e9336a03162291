//! `GET /api/payments/{id}/receipt`

use axum::extract::State;
use common::event::{DisputeStatus, PaymentStatus};
use common::http::responses::{NotModified, OwnerOnly};
use common::http::{Caching, CurrentUser, PathId, Versioned};
use common::{Money, OrderId, PaymentId, Problem, TicketId, Time, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Payments;
use crate::domain::Payment;

/// The receipt of a payment. Nothing was captured while `paid` is 0.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    /// The payment.
    payment_id: PaymentId,
    /// The order.
    order_id: OrderId,
    /// The ticket.
    ticket_id: TicketId,
    /// The ticket's title when it was ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// The seller.
    #[serde(skip_serializing_if = "Option::is_none")]
    seller_id: Option<UserId>,
    /// The payment's status.
    status: PaymentStatus,
    /// The price.
    amount: Money,
    /// The captured money.
    paid: Money,
    /// The time of the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Time>,
    /// The refunded money.
    refunded: Money,
    /// The state of your dispute, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<DisputeStatus>,
}

/// The receipt of one of your payments.
#[utoipa::path(
    get,
    path = "/api/payments/{id}/receipt",
    tag = "payments",
    params(("id" = String, Path, description = "The payment.")),
    responses(
        (status = 200, description = "The receipt.", body = Receipt),
        NotModified,
        OwnerOnly,
    )
)]
pub(crate) async fn receipt(
    State(payments): State<Payments>,
    buyer: CurrentUser,
    id: PathId<PaymentId>,
) -> Result<Versioned<Receipt>, Problem> {
    let payment = payments.of_buyer(&buyer, id.parse()?).await?;
    let order = payments.orders.get_if_readable(payment.order_id).await?;
    let title = order.map(|order| order.state.ticket.title);
    Ok(Versioned { version: payment.version, caching: Caching::Private, body: Receipt::of(&payment, title) })
}

impl Receipt {
    fn of(payment: &Payment, title: Option<String>) -> Self {
        let money = |amount| Money { amount, ..payment.amount };
        Self {
            payment_id: payment.id,
            order_id: payment.order_id,
            ticket_id: payment.ticket_id,
            title,
            seller_id: payment.seller_id,
            status: payment.status,
            amount: payment.amount,
            paid: money(payment.totals.taken),
            paid_at: payment.ledger.first().map(|entry| entry.at),
            refunded: money(payment.totals.refunded),
            dispute: payment.totals.dispute,
        }
    }
}
