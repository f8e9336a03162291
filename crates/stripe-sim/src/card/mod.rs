//! Cards: what is wrong with one, how a good one behaves, and nothing of it beyond brand and last four digits.

mod failure;
mod number;
mod payment_method;
mod test_card;

pub(crate) use failure::Failure;
pub(crate) use number::last4;
pub(crate) use payment_method::{PaymentMethod, PaymentMethodChoice};
pub use test_card::test_cards;

use serde::{Deserialize, Serialize};

use crate::dispute::DisputeReason;

/// What a test card does when it is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Behaviour {
    /// It is charged.
    Succeeds,
    /// Its bank asks for 3-D Secure first; then it is charged.
    Authenticates,
    /// Its bank asks for 3-D Secure first and says no all the same.
    AuthenticatesThenFails(Failure),
    /// It is not charged.
    Fails(Failure),
    /// It is charged, and the money is available at once.
    IsAvailableAtOnce,
    /// It is charged, and the buyer asks the bank for the money back soon after.
    IsDisputed(DisputeReason),
    /// It is charged; a refund seems to succeed and fails later.
    RefundsFail,
    /// It is charged; a refund takes a while.
    RefundsPend,
}

impl Behaviour {
    /// Whether the bank asks for 3-D Secure.
    pub(crate) const fn authenticates(self) -> bool {
        matches!(self, Self::Authenticates | Self::AuthenticatesThenFails(_))
    }

    pub(crate) const fn is_available_at_once(self) -> bool {
        matches!(self, Self::IsAvailableAtOnce)
    }
}
