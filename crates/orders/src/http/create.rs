//! `POST /api/orders`

use axum::extract::State;
use common::http::{Created, CurrentUser, FreshId, ProblemBody, Valid};
use common::{OrderId, Problem};

use super::NewOrder;
use super::new_order::NewOrderBody;
use super::order_body::OrderBody;
use crate::orders::Orders;

/// Hold a ticket for the caller.
///
/// The ticket is held until `expiresAt`; pay by then. Of simultaneous buyers one gets it.
#[utoipa::path(
    post,
    path = "/api/orders",
    tag = "orders",
    request_body = NewOrderBody,
    responses(
        (status = 201, description = "Ordered; `Location` names the order.", body = OrderBody),
        (status = 400, description = "`malformed-json`, `not-valid`", body = ProblemBody),
        (status = 401, description = "`not-signed-in`", body = ProblemBody),
        (status = 404, description = "There is no such ticket.", body = ProblemBody),
        (
            status = 409,
            description = "`own-ticket`, `ticket-sold`, `ticket-withdrawn`, `ticket-reserved`, `price-changed`, \
                `idempotency-key-reused`",
            body = ProblemBody,
        ),
    ),
)]
pub(super) async fn create(
    State(orders): State<Orders>,
    buyer: CurrentUser,
    FreshId(id): FreshId<OrderId>,
    Valid(wanted): Valid<NewOrder>,
) -> Result<Created<OrderBody>, Problem> {
    let order = orders.place(id, buyer.id, &wanted).await?;
    Ok(Created { location: format!("/api/orders/{}", order.id), version: order.version, body: order.into() })
}
