//! `DELETE /api/orders/{id}`

use axum::extract::State;
use common::http::responses::{OwnerOnly, VersionChanged};
use common::http::{CurrentUser, IfMatch, PathId};
use common::{OrderId, Problem};
use http::StatusCode;

use super::response::owned;
use crate::Orders;
use crate::domain::Order;
use crate::metrics::Stage;

/// Cancels an order; the ticket is on sale again.
#[utoipa::path(
    delete,
    path = "/api/orders/{id}",
    tag = "orders",
    params(
        ("id" = OrderId, Path, description = "The order."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to be cancelled."),
    ),
    responses(
        (status = 204, description = "Cancelled, now or before."),
        (status = 409, description = "`order-paying`, `order-complete`"),
        OwnerOnly,
        VersionChanged,
    ),
)]
pub(super) async fn cancel(
    State(orders): State<Orders>,
    buyer: CurrentUser,
    id: PathId<OrderId>,
    seen: IfMatch,
) -> Result<StatusCode, Problem> {
    let mut stage = None;
    let cancel = |order: Option<&Order>| {
        let order = owned(order, buyer.id)?;
        stage = Some(Stage::of(order));
        seen.check(order.version)?;
        Ok::<_, Problem>(order.cancel(orders.now())?)
    };
    let order = orders.store.update(id.parse()?, cancel).await?;
    if let (Some(stage), Some(order)) = (stage, &order) {
        stage.ended(order);
    }
    Ok(StatusCode::NO_CONTENT)
}
