//! `POST /api/payments`: begin to pay an order, or go on with it.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use common::event::{OrderSnapshot, OrderStatus, PaymentStatus};
use common::http::{
    Caching, Created, CurrentUser, FieldErrors, FreshId, Parse, ProblemBody, Valid, Versioned,
};
use common::{OrderId, PaymentId, Problem, Time, UserId, poll_until};
use serde::Deserialize;
use store::{CommitError, StoreError};
use utoipa::ToSchema;

use super::refusal;
use super::view::Checkout;
use crate::Payments;
use crate::advance::Urgency;
use crate::domain::Payment;

/// How long an order that was placed a moment ago is waited for.
const ORDER_ARRIVES_WITHIN: Duration = Duration::from_secs(1);
/// How long whoever else is creating the same payment is waited for.
const OTHER_IS_DONE_WITHIN: Duration = Duration::from_secs(3);

/// What shall be paid.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RawNewPayment {
    #[schema(value_type = String, format = Uuid, required)]
    order_id: Option<String>,
}

/// What shall be paid.
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

/// Begins to pay an order. Again for the same order: the same payment.
#[utoipa::path(
    post,
    path = "/api/payments",
    tag = "payments",
    request_body = RawNewPayment,
    responses(
        (status = 201, description = "The payment has begun; let the buyer enter a card.", body = Checkout),
        (status = 200, description = "It had begun before.", body = Checkout),
        (status = 400, description = "The body is not valid.", body = ProblemBody),
        (status = 401, description = "Nobody is signed in.", body = ProblemBody),
        (status = 403, description = "The order is somebody else's.", body = ProblemBody),
        (status = 404, description = "There is no such order.", body = ProblemBody),
        (status = 409, description = "`order-cancelled`, `order-paying` or `order-complete`.", body = ProblemBody),
        (status = 503, description = "Stripe cannot be reached; come again.", body = ProblemBody),
    )
)]
pub(crate) async fn create(
    State(payments): State<Payments>,
    buyer: CurrentUser,
    FreshId(id): FreshId<PaymentId>,
    Valid(wanted): Valid<NewPayment>,
) -> Result<Response, Problem> {
    let order = payments.payable_order(wanted.order_id, buyer.id).await?;
    let (payment, is_new) = payments.begin(id, &order).await?;
    payments.refuse_if_order_is_over(order.id).await?;
    let payment = payments.with_intent(payment).await?;
    let Some(body) = Checkout::of(&payment, &payments.config) else {
        return Err(payments.come_again(&payment));
    };
    let version = payment.version;
    if is_new {
        let location = format!("/api/payments/{}", payment.id);
        return Ok(Created { location, version, body }.into_response());
    }
    Ok(Versioned { version, caching: Caching::Private, body }.into_response())
}

impl Payments {
    /// The order, if this person may pay it now.
    async fn payable_order(&self, id: OrderId, buyer: UserId) -> Result<OrderSnapshot, Problem> {
        let order = poll_until(ORDER_ARRIVES_WITHIN, async || self.orders.get(id).await).await?;
        let order = order.ok_or_else(Problem::not_found)?.state;
        if order.user_id != buyer {
            return Err(Problem::not_yours());
        }
        refusal::of(order.status).map_or(Ok(order), Err)
    }

    /// The order's payment, and whether it was begun just now. Of several at once the claim on the order lets one in.
    async fn begin(&self, id: PaymentId, order: &OrderSnapshot) -> Result<(Payment, bool), Problem> {
        if let Some(payment) = self.of_order(order.id).await? {
            return Ok((payment, false));
        }
        match self.payments.commit(Payment::begin(id, order, self.clock.now())).await {
            Ok(payment) => Ok((payment, true)),
            Err(CommitError::DuplicateKey(_) | CommitError::Conflict) => {
                let payment = self.of_order(order.id).await?;
                let payment = payment.ok_or_else(|| Problem::internal("a payment's id is taken"))?;
                Ok((payment, false))
            }
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// The order may have ended since it was looked at, before there was a payment that its end could have found.
    async fn refuse_if_order_is_over(&self, id: OrderId) -> Result<(), Problem> {
        let order = self.orders.get(id).await?;
        if order.is_none_or(|order| order.state.status != OrderStatus::Cancelled) {
            return Ok(());
        }
        self.follow_order(id).await.map_err(|fault| Problem::unavailable().caused_by(fault))?;
        Err(refusal::cancelled())
    }

    /// The payment after Stripe was asked for its `PaymentIntent`, by us or by whoever is at it.
    async fn with_intent(&self, payment: Payment) -> Result<Payment, Problem> {
        let mut payment = payment;
        if payment.is_to_be_created() {
            payment = self.advance(&payment, Urgency::Now).await?.unwrap_or(payment);
        }
        let id = payment.id;
        if payment.is_to_be_created() && payment.work.taken {
            let done = async || -> Result<Option<Payment>, StoreError> {
                let payment = self.payments.get(id).await?;
                Ok(payment.filter(|payment| !payment.is_to_be_created() || !payment.work.taken))
            };
            payment = poll_until(OTHER_IS_DONE_WITHIN, done).await?.unwrap_or(payment);
        }
        match payment.status {
            PaymentStatus::Voiding | PaymentStatus::Voided => Err(refusal::cancelled()),
            _ => Ok(payment),
        }
    }

    /// The intention stays: the worker goes on with it, and so does the caller's next request.
    fn come_again(&self, payment: &Payment) -> Problem {
        let wait = payment.work.due.map_or(Duration::ZERO, |due| due - self.clock.now());
        let cause = "Stripe was asked for a PaymentIntent and has not given one";
        Problem::unavailable().retry_after(wait.max(Duration::from_secs(1))).caused_by(cause)
    }
}
