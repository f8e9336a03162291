//! `GET /api/payments/{id}`: one of the caller's payments.

use axum::extract::State;
use common::http::{Caching, CurrentUser, PathId, ProblemBody, Versioned};
use common::{PaymentId, Problem};

use super::view::PaymentView;
use crate::Payments;
use crate::domain::Payment;

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
) -> Result<Versioned<PaymentView>, Problem> {
    let payment = payments.own(&buyer, id.parse()?).await?;
    Ok(Versioned { version: payment.version, caching: Caching::Private, body: (&payment).into() })
}

impl Payments {
    /// A payment, for its buyer alone.
    ///
    /// # Errors
    /// 404, 403 or 503.
    pub(super) async fn own(&self, buyer: &CurrentUser, id: PaymentId) -> Result<Payment, Problem> {
        let payment = self.payments.get(id).await?.ok_or_else(Problem::not_found)?;
        if payment.buyer_id == buyer.id { Ok(payment) } else { Err(Problem::not_yours()) }
    }
}
