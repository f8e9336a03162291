//! What we know of the card processor's side.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Moved;

/// The `PaymentIntent` that belongs to a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// `pi_...`
    pub id: String,
    /// With it the buyer's browser enters a card.
    pub client_secret: ClientSecret,
}

/// Lets whoever has it confirm the payment: for the buyer alone, never for a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientSecret(pub String);

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// What the card processor says went wrong, in words that may be shown to the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardError {
    /// Stripe's word for it, such as `card_declined` (<https://docs.stripe.com/error-codes>).
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// A `PaymentIntent` as the card processor showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its name and secret.
    pub intent: Intent,
    /// Its state.
    pub state: IntentState,
}

/// The states of a `PaymentIntent`, as far as we tell them apart
/// (<https://docs.stripe.com/payments/paymentintents/lifecycle>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentState {
    /// It waits for a card; the last one may have been declined.
    RequiresPaymentMethod(Option<CardError>),
    /// The buyer, their bank or the processor is at it.
    UnderWay,
    /// The money is held and can be taken.
    RequiresCapture,
    /// The money was taken. Final, but for what becomes of the money.
    Succeeded(Moved),
    /// Nothing is held, and nothing can be taken. Final.
    Canceled,
}

impl IntentState {
    /// Whether money could still be held or taken.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Succeeded(_) | Self::Canceled)
    }
}
