//! `GET /api/payments/statement`

use axum::extract::State;
use common::event::DisputeStatus;
use common::http::responses::{InvalidPage, NotSignedIn};
use common::http::{CurrentUser, Listing, PageQuery};
use common::{Money, OrderId, Problem, TicketId, Time};
use futures::future::try_join_all;
use serde::Serialize;
use store::{Range, StoreError};
use utoipa::ToSchema;

use crate::Payments;
use crate::domain::{Account, Payment};
use crate::storage::index;

/// One sale, without its buyer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sale {
    /// The order.
    order_id: OrderId,
    /// The ticket.
    ticket_id: TicketId,
    /// The ticket's title when it was ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// The captured money.
    paid: Money,
    /// The refunded money.
    refunded: Money,
    /// The state of the buyer's dispute, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<DisputeStatus>,
    /// The seller's proceeds, by the ledger. An open dispute may still change them.
    proceeds: Money,
    /// The time of the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Time>,
}

/// Your sales, newest first.
#[utoipa::path(
    get,
    path = "/api/payments/statement",
    tag = "payments",
    params(
        ("limit" = Option<usize>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next` of the previous page."),
    ),
    responses(
        (status = 200, description = "A page.", body = Listing<Sale>),
        InvalidPage,
        NotSignedIn,
    )
)]
pub(crate) async fn statement(
    State(payments): State<Payments>,
    seller: CurrentUser,
    page: PageQuery,
) -> Result<Listing<Sale>, Problem> {
    let list = format!("payments/statement/{}", seller.id);
    let range = Range::of(index::BY_SELLER, [seller.id.into()]).descending();
    let found = payments.store.page(range.after(page.after(&list)?).limit(page.limit)).await?;
    let sales = found.items.iter().map(async |payment| -> Result<Sale, StoreError> {
        let order = payments.orders.get_if_readable(payment.order_id).await?;
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
            paid: money(payment.totals.taken),
            refunded: money(payment.totals.refunded),
            dispute: payment.totals.dispute,
            proceeds: money(-owed),
            paid_at: payment.ledger.first().map(|entry| entry.at),
        }
    }
}
