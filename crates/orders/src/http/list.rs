//! `GET /api/orders`

use axum::extract::State;
use common::Problem;
use common::http::{CurrentUser, Listing, PageQuery, ProblemBody};
use store::Range;

use super::order_body::OrderBody;
use crate::documents::BY_BUYER;
use crate::orders::Orders;

/// The caller's own orders, newest first.
#[utoipa::path(
    get,
    path = "/api/orders",
    tag = "orders",
    params(
        ("limit" = Option<u8>, Query, description = "How many, 1 to 100; 20 if absent.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses(
        (status = 200, description = "A page of them.", body = Listing<OrderBody>),
        (status = 400, description = "`not-valid`, `bad-cursor`", body = ProblemBody),
        (status = 401, description = "`not-signed-in`", body = ProblemBody),
    ),
)]
pub(super) async fn list(
    State(orders): State<Orders>,
    buyer: CurrentUser,
    page: PageQuery,
) -> Result<Listing<OrderBody>, Problem> {
    let list = format!("orders/{}", buyer.id);
    let range =
        Range::of(BY_BUYER, [buyer.id.into()]).descending().after(page.after(&list)?).limit(page.limit);
    let found = orders.placed.page(range).await?;
    Ok(Listing::new(&list, found.items.into_iter().map(OrderBody::from).collect(), found.next))
}
