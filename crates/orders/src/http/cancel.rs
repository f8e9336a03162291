//! `DELETE /api/orders/{id}`

use axum::extract::State;
use common::http::{CurrentUser, IfMatch, PathId, ProblemBody};
use common::{OrderId, Problem};
use http::StatusCode;

use crate::orders::Orders;

/// Give an order up; the ticket is on sale again.
#[utoipa::path(
    delete,
    path = "/api/orders/{id}",
    tag = "orders",
    params(
        ("id" = OrderId, Path, description = "The order."),
        ("If-Match" = Option<String>, Header, description = "Only if it is still as this `ETag` names it."),
    ),
    responses(
        (status = 204, description = "It is cancelled, now or before."),
        (status = 401, description = "`not-signed-in`", body = ProblemBody),
        (status = 403, description = "`not-yours`", body = ProblemBody),
        (status = 404, description = "There is no such order.", body = ProblemBody),
        (status = 409, description = "`order-paying`, `order-complete`", body = ProblemBody),
        (status = 412, description = "`version-changed`", body = ProblemBody),
    ),
)]
pub(super) async fn cancel(
    State(orders): State<Orders>,
    buyer: CurrentUser,
    id: PathId<OrderId>,
    seen: IfMatch,
) -> Result<StatusCode, Problem> {
    let decide = |order: Option<&_>| {
        let order: &crate::domain::Order = order.ok_or_else(Problem::not_found)?;
        if order.user_id != buyer.id {
            return Err(Problem::not_yours());
        }
        seen.check(order.version)?;
        Ok(order.cancel(orders.now())?)
    };
    orders.placed.update(id.parse()?, decide).await?;
    Ok(StatusCode::NO_CONTENT)
}
