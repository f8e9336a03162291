//! `GET /api/payments/{id}`: one of the caller's payments.

use axum::extract::State;
use common::http::{Caching, CurrentUser, One, PathId, ProblemBody};
use common::{PaymentId, Problem};

use super::view::PaymentView;
use crate::Payments;

/// One of your payments.
#[utoipa::path(
    get,
    path = "/api/payments/{id}",
    tag = "payments",
    params(("id" = String, Path, description = "The payment.")),
    responses(
        (status = 200, description = "The payment.", body = PaymentView),
        (status = 304, description = "It is as `If-None-Match` says."),
        (status = 401, description = "Nobody is signed in.", body = ProblemBody),
        (status = 403, description = "It is somebody else's.", body = ProblemBody),
        (status = 404, description = "There is no such payment.", body = ProblemBody),
    )
)]
pub(crate) async fn read(
    State(payments): State<Payments>,
    buyer: CurrentUser,
    id: PathId<PaymentId>,
) -> Result<One<PaymentView>, Problem> {
    let payment = payments.payments.get(id.known()?).await?.ok_or_else(Problem::not_found)?;
    if payment.buyer_id != buyer.id {
        return Err(Problem::not_yours());
    }
    Ok(One { version: payment.version, caching: Caching::Private, body: (&payment).into() })
}
