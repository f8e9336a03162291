//! `GET /api/payments`: the caller's payments.

use axum::extract::State;
use common::http::{CurrentUser, Listing, PageQuery, ProblemBody, Query};
use common::{FieldError, OrderId, Problem};
use store::Range;

use super::view::PaymentView;
use crate::Payments;
use crate::domain::Payment;

/// Your payments, newest first; with `orderId` only that order's.
#[utoipa::path(
    get,
    path = "/api/payments",
    tag = "payments",
    params(
        ("orderId" = Option<String>, Query, description = "Only the payment of this order."),
        ("limit" = Option<usize>, Query, description = "1 to 100; 20 unless told."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses(
        (status = 200, description = "The payments.", body = Listing<PaymentView>),
        (status = 400, description = "The query is not valid.", body = ProblemBody),
        (status = 401, description = "Nobody is signed in.", body = ProblemBody),
    )
)]
pub(crate) async fn list(
    State(payments): State<Payments>,
    buyer: CurrentUser,
    query: Query,
    page: PageQuery,
) -> Result<Listing<PaymentView>, Problem> {
    let order = query.get("orderId").map(order_id).transpose()?;
    let own = format!("payments/{}", buyer.id);
    let list = order.map_or_else(|| own.clone(), |order| format!("{own}/{order}"));
    let after = page.after(&list)?;
    if let Some(order) = order {
        let found = payments.of_order(order).await?.filter(|payment| payment.buyer_id == buyer.id);
        return Ok(Listing::new(&list, found.iter().map(PaymentView::from).collect(), None));
    }
    let range = Range::of(Payment::BUYER, [buyer.id.into()]).descending().after(after).limit(page.limit);
    let found = payments.payments.page(range).await?;
    Ok(Listing::new(&list, found.items.iter().map(PaymentView::from).collect(), found.next))
}

fn order_id(text: &str) -> Result<OrderId, Problem> {
    text.parse()
        .map_err(|_| Problem::not_valid(vec![FieldError::new("orderId", "must be the id of an order")]))
}
