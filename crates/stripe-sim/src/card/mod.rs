//! Cards: what is wrong with one, how a good one behaves, and nothing of it beyond brand and last four digits.

mod failure;
mod number;
mod payment_method;
mod test_card;

pub(crate) use failure::Failure;
pub(crate) use number::last4;
pub(crate) use payment_method::{PaymentMethod, PaymentMethodChoice};

use serde::{Deserialize, Serialize};

/// What a test card does when it is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Behaviour {
    /// It is charged.
    Succeeds,
    /// Its bank asks for 3-D Secure first; then it is charged.
    Authenticates,
    /// It is not charged.
    Fails(Failure),
}
