//! `POST /api/payments`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use common::http::responses::{InvalidBody, VerifiedOwnerOnly};
use common::http::{Caching, Created, CurrentUser, FieldErrors, FreshId, Parse, Valid, Versioned};
use common::{OrderId, PaymentId, Problem, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use super::response::Checkout;
use crate::Payments;

/// The order to pay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RawNewPayment {
    #[schema(value_type = String, format = Uuid, required)]
    order_id: Option<String>,
}

#[derive(Debug)]
pub(crate) struct NewPayment {
    order_id: OrderId,
}

impl Parse for NewPayment {
    type Raw = RawNewPayment;

    fn parse(raw: RawNewPayment, _: Time, errors: &mut FieldErrors) -> Option<Self> {
        let id = errors.required("orderId", raw.order_id)?;
        let order_id = errors.check("orderId", id.parse().map_err(|_| "must be the id of an order"))?;
        Some(Self { order_id })
    }
}

/// Start the payment of an order. Repeated for the same order, the reply is the same payment.
#[utoipa::path(
    post,
    path = "/api/payments",
    tag = "payments",
    request_body = RawNewPayment,
    responses(
        (status = 201, description = "The payment; let the buyer enter a card.", body = Checkout),
        (status = 200, description = "The payment, which was started before.", body = Checkout),
        InvalidBody,
        VerifiedOwnerOnly,
        (status = 409, description = "`order-cancelled`, `order-paying` or `order-complete`"),
    )
)]
pub(crate) async fn create(
    State(payments): State<Payments>,
    buyer: CurrentUser,
    FreshId(id): FreshId<PaymentId>,
    Valid(new): Valid<NewPayment>,
) -> Result<Response, Problem> {
    let (payment, is_new) = payments.start_payment(id, new.order_id, &buyer).await?;
    let body = Checkout::of(&payment, &payments.config).ok_or_else(|| payments.no_intent(&payment))?;
    let version = payment.version;
    if is_new {
        let location = format!("/api/payments/{}", payment.id);
        return Ok(Created { location, version, body }.into_response());
    }
    Ok(Versioned { version, caching: Caching::Private, body }.into_response())
}
