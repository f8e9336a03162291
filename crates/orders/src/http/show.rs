//! `GET /api/orders/{id}`

use axum::extract::State;
use common::http::responses::{NotModified, OwnerOnly};
use common::http::{Caching, CurrentUser, PathId, Versioned};
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
        NotModified,
        OwnerOnly,
    ),
)]
pub(super) async fn show(
    State(orders): State<Orders>,
    buyer: CurrentUser,
    id: PathId<OrderId>,
) -> Result<Versioned<OrderBody>, Problem> {
    let order = orders.placed.get(id.parse()?).await?.ok_or_else(Problem::not_found)?;
    if order.user_id != buyer.id {
        return Err(Problem::not_yours());
    }
    Ok(Versioned { version: order.version, caching: Caching::Private, body: order.into() })
}
