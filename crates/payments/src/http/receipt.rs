//! `GET /api/payments/{id}/receipt`: what the buyer paid, and for what.

use axum::extract::State;
use common::event::{DisputeStatus, PaymentStatus};
use common::http::{Caching, CurrentUser, PathId, ProblemBody, Versioned};
use common::{Money, OrderId, PaymentId, Problem, TicketId, Time, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Payments;
use crate::domain::Payment;

/// What was paid, and for what. Nothing was paid as long as `paid` is 0.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    /// The payment.
    payment_id: PaymentId,
    /// What it pays for.
    order_id: OrderId,
    /// What was bought.
    ticket_id: TicketId,
    /// What it is for, as it was called when it was ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Who sold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    seller_id: Option<UserId>,
    /// The payment's state.
    status: PaymentStatus,
    /// What it costs.
    amount: Money,
    /// What was taken.
    paid: Money,
    /// When it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Time>,
    /// What went back.
    refunded: Money,
    /// How far your dispute is, if there is one.
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
        (status = 304, description = "It is as `If-None-Match` says."),
        (status = 401, description = "Nobody is signed in.", body = ProblemBody),
        (status = 403, description = "It is somebody else's.", body = ProblemBody),
        (status = 404, description = "There is no such payment.", body = ProblemBody),
    )
)]
pub(crate) async fn receipt(
    State(payments): State<Payments>,
    buyer: CurrentUser,
    id: PathId<PaymentId>,
) -> Result<Versioned<Receipt>, Problem> {
    let payment = payments.own(&buyer, id.parse()?).await?;
    let title = payments.orders.get(payment.order_id).await?.map(|order| order.state.ticket.title);
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
            paid: money(payment.moved.taken),
            paid_at: payment.ledger.first().map(|entry| entry.at),
            refunded: money(payment.moved.refunded),
            dispute: payment.moved.dispute,
        }
    }
}
