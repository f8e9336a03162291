//! `GET /api/orders/{id}`

use axum::extract::State;
use common::http::{Caching, CurrentUser, PathId, ProblemBody, Versioned};
use common::{OrderId, Problem};

use super::order_body::OrderBody;
use crate::orders::Orders;

/// One of the caller's orders.
#[utoipa::path(
    get,
    path = "/api/orders/{id}",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses(
        (status = 200, description = "It.", body = OrderBody),
        (status = 304, description = "It is as `If-None-Match` names it."),
        (status = 401, description = "`not-signed-in`", body = ProblemBody),
        (status = 403, description = "`not-yours`", body = ProblemBody),
        (status = 404, description = "There is no such order.", body = ProblemBody),
    ),
)]
pub(super) async fn show(
    State(orders): State<Orders>,
    buyer: CurrentUser,
    id: PathId<OrderId>,
) -> Result<Versioned<OrderBody>, Problem> {
    let order = orders.placed.get(id.known()?).await?.ok_or_else(Problem::not_found)?;
    if order.user_id != buyer.id {
        return Err(Problem::not_yours());
    }
    Ok(Versioned { version: order.version, caching: Caching::Private, body: order.into() })
}
