//! The bodies of payments, and the problems of their start.

use common::event::{OrderStatus, PaymentStatus};
use common::{Money, OrderId, PaymentId, Problem, Time};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Config;
use crate::domain::{CardError, Payment};
use crate::start_payment::StartError;

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentView {
    /// The id.
    id: PaymentId,
    /// The order.
    order_id: OrderId,
    /// The status.
    status: PaymentStatus,
    /// The price.
    amount: Money,
    /// The reason why the last card was declined, or the capture refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<LastError>,
    /// The time of the start.
    created_at: Time,
    /// The time of the last change.
    updated_at: Time,
}

/// The error of the last card, in Stripe's words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastError {
    /// Stripe's code, such as `card_declined`.
    code: String,
    /// A sentence for the buyer.
    message: String,
}

impl From<CardError> for LastError {
    fn from(error: CardError) -> Self {
        Self { code: error.code, message: error.message }
    }
}

impl From<&Payment> for PaymentView {
    fn from(payment: &Payment) -> Self {
        Self {
            id: payment.id,
            order_id: payment.order_id,
            status: payment.status,
            amount: payment.amount,
            last_error: payment.last_error.clone().map(LastError::from),
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

/// A payment, and what the buyer's browser needs to submit a card. Not `Debug`: the secret is for the buyer alone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checkout {
    #[serde(flatten)]
    payment: PaymentView,
    /// Stripe's secret of this one payment.
    client_secret: String,
    /// Stripe's key for browsers.
    publishable_key: String,
    /// The address of Stripe's script.
    stripe_js: String,
}

impl Checkout {
    /// Returns `None` if the payment has no `PaymentIntent` yet.
    pub(crate) fn of(payment: &Payment, config: &Config) -> Option<Self> {
        let intent = payment.intent.as_ref()?;
        Some(Self {
            payment: payment.into(),
            client_secret: intent.client_secret.0.clone(),
            publishable_key: config.publishable_key.clone(),
            stripe_js: config.stripe_js.clone(),
        })
    }
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::UnknownOrder => Self::not_found(),
            StartError::NotTheBuyer => Self::not_yours(),
            StartError::NotVerified(refusal) => refusal.into(),
            StartError::NotPayable(status) => not_payable(status),
            StartError::NoIntent { retry_after } => Self::unavailable()
                .retry_after(retry_after)
                .caused_by("Stripe has not created the PaymentIntent"),
            StartError::Store(error) => error.into(),
        }
    }
}

fn not_payable(status: Option<OrderStatus>) -> Problem {
    match status {
        Some(OrderStatus::Cancelled) => {
            Problem::conflict("order-cancelled", "The order is cancelled; place a new one.")
        }
        Some(OrderStatus::Paying) | None => {
            Problem::conflict("order-paying", "The order is being paid; wait a moment, then reload it.")
        }
        Some(OrderStatus::Complete) => {
            Problem::conflict("order-complete", "The order is paid; there is nothing left to pay.")
        }
        Some(OrderStatus::Created | OrderStatus::AwaitingPayment) => {
            Problem::internal("the order can be paid")
        }
    }
}
