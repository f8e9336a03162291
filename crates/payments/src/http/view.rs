//! How a payment looks to its buyer.

use common::event::PaymentStatus;
use common::{Money, OrderId, PaymentId, Time};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Config;
use crate::domain::{CardError, Payment};

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentView {
    /// Its id.
    id: PaymentId,
    /// What it pays for.
    order_id: OrderId,
    /// Its state.
    status: PaymentStatus,
    /// How much.
    amount: Money,
    /// Why the last card was declined, or why the money could not be taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<LastError>,
    /// When it was begun.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
}

/// What went wrong with the last card, in Stripe's words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastError {
    /// Such as `card_declined`.
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

/// A payment, and what the buyer's browser needs to enter a card. Not `Debug`: the secret is for the buyer alone.
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
    /// `None`: the card processor has not been asked yet.
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
