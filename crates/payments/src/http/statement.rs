//! `GET /api/payments/statement`: what the caller has sold, and what it earned.

use axum::extract::State;
use common::event::DisputeStatus;
use common::http::{CurrentUser, Listing, PageQuery, ProblemBody};
use common::{Money, OrderId, Problem, TicketId, Time};
use futures::future::try_join_all;
use serde::Serialize;
use store::{Range, StoreError};
use utoipa::ToSchema;

use crate::Payments;
use crate::domain::{Account, Payment};

/// One sale. Who bought is not told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sale {
    /// The order.
    order_id: OrderId,
    /// What was sold.
    ticket_id: TicketId,
    /// What it is for, as it was called when it was ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// What the buyer paid.
    paid: Money,
    /// What went back to the buyer.
    refunded: Money,
    /// How far the buyer's dispute is, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<DisputeStatus>,
    /// What is the seller's, by the ledger. While a dispute is open it may still change.
    proceeds: Money,
    /// When the buyer's money was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Time>,
}

/// Your sales, newest first.
#[utoipa::path(
    get,
    path = "/api/payments/statement",
    tag = "payments",
    params(
        ("limit" = Option<usize>, Query, description = "1 to 100; 20 unless told."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses(
        (status = 200, description = "The sales.", body = Listing<Sale>),
        (status = 400, description = "The query is not valid.", body = ProblemBody),
        (status = 401, description = "Nobody is signed in.", body = ProblemBody),
    )
)]
pub(crate) async fn statement(
    State(payments): State<Payments>,
    seller: CurrentUser,
    page: PageQuery,
) -> Result<Listing<Sale>, Problem> {
    let list = format!("payments/statement/{}", seller.id);
    let range = Range::of(Payment::SELLER, [seller.id.into()]).descending();
    let found = payments.payments.page(range.after(page.after(&list)?).limit(page.limit)).await?;
    let sales = found.items.iter().map(async |payment| -> Result<Sale, StoreError> {
        let order = payments.orders.get(payment.order_id).await?;
        Ok(Sale::of(payment, order.map(|order| order.state.ticket.title)))
    });
    Ok(Listing::new(&list, try_join_all(sales).await?, found.next))
}

impl Sale {
    fn of(payment: &Payment, title: Option<String>) -> Self {
        let money = |amount| Money { amount, ..payment.amount };
        let owed = payment.balances().get(&Account::Seller(payment.seller_id)).copied().unwrap_or(0);
        Self {
            order_id: payment.order_id,
            ticket_id: payment.ticket_id,
            title,
            paid: money(payment.moved.taken),
            refunded: money(payment.moved.refunded),
            dispute: payment.moved.dispute,
            proceeds: money(-owed),
            paid_at: payment.ledger.first().map(|entry| entry.at),
        }
    }
}
