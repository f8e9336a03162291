//! Stripe's side of a payment.

use std::fmt;

use common::Time;
use serde::{Deserialize, Serialize};

use super::MoneyTotals;

/// The `PaymentIntent` of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// `pi_...`
    pub id: String,
    /// Lets the buyer's browser submit a card.
    pub client_secret: ClientSecret,
}

/// Allows its owner to confirm the payment: for the buyer alone, never for a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientSecret(pub String);

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// An error of Stripe, in words for the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardError {
    /// Stripe's code, such as `card_declined` (<https://docs.stripe.com/error-codes>).
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// A `PaymentIntent` as Stripe showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentView {
    /// The id and the secret.
    pub intent: Intent,
    /// The state.
    pub state: IntentState,
}

/// The states of a `PaymentIntent`, as far as decisions depend on them
/// (<https://docs.stripe.com/payments/paymentintents/lifecycle>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentState {
    /// Waits for a card; the last one may have been declined.
    RequiresPaymentMethod(Option<CardError>),
    /// Waits for the buyer to confirm, or for 3-D Secure. Nothing is authorized.
    RequiresAction,
    /// In progress at the bank or Stripe: undecided.
    Processing,
    /// The money is authorized and can be captured.
    RequiresCapture {
        /// Stripe's time of the charge, in whole seconds.
        authorized_at: Option<Time>,
    },
    /// The money was captured. Final, except for refunds and disputes.
    Succeeded(MoneyTotals),
    /// Nothing is authorized, and nothing can be captured. Final.
    Canceled,
}

impl IntentState {
    /// Whether money could still be authorized or captured.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Succeeded(_) | Self::Canceled)
    }
}
