//! The states of a `PaymentIntent` (<https://docs.stripe.com/payments/paymentintents/lifecycle>).

use serde::{Deserialize, Serialize};

/// The state of a `PaymentIntent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing to charge yet, or the last try failed.
    RequiresPaymentMethod,
    /// There is something to charge; nobody has said go.
    RequiresConfirmation,
    /// The buyer's bank wants to hear from the buyer.
    RequiresAction,
    /// The money is reserved.
    RequiresCapture,
    /// The money is taken.
    Succeeded,
    /// Over without money.
    Canceled,
}

impl Status {
    /// As it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }

    pub(crate) const fn may_be_confirmed(self) -> bool {
        matches!(self, Self::RequiresPaymentMethod | Self::RequiresConfirmation | Self::RequiresAction)
    }

    pub(crate) const fn may_be_canceled(self) -> bool {
        !matches!(self, Self::Succeeded | Self::Canceled)
    }
}
