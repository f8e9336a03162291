//! Cards: Stripe's test cards by number and name, and what each does when it is charged
//! (<https://docs.stripe.com/testing>).

mod number;
mod payment_method;

use serde::{Deserialize, Serialize};

pub(crate) use number::last4;
pub(crate) use payment_method::{PaymentMethod, PaymentMethodParams};

use crate::dispute::DisputeReason;
use crate::failure::Failure;

/// The behavior of a test card when it is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Behavior {
    /// The charge succeeds.
    Succeeds,
    /// The bank requires 3-D Secure; then the charge succeeds.
    Authenticates,
    /// The bank requires 3-D Secure; then the charge fails.
    AuthenticatesThenFails(Failure),
    /// The charge fails.
    Fails(Failure),
    /// The charge succeeds, and the money is available at once.
    IsAvailableAtOnce,
    /// The charge succeeds and is disputed soon after the capture.
    IsDisputed(DisputeReason),
    /// The charge succeeds; refunds succeed and fail later.
    RefundsFail,
    /// The charge succeeds; refunds are pending before they succeed.
    RefundsPend,
}

impl Behavior {
    /// Whether the bank requires 3-D Secure.
    pub(crate) const fn authenticates(self) -> bool {
        matches!(self, Self::Authenticates | Self::AuthenticatesThenFails(_))
    }

    pub(crate) const fn is_available_at_once(self) -> bool {
        matches!(self, Self::IsAvailableAtOnce)
    }
}

/// Every card: its number, its names after `pm_card_`, and its behavior.
const CARDS: &[(&str, &[&str], Behavior)] = &[
    ("4242424242424242", &["visa", "us"], Behavior::Succeeds),
    ("4000056655665556", &["visa_debit"], Behavior::Succeeds),
    ("5555555555554444", &["mastercard"], Behavior::Succeeds),
    ("2223003122003222", &[], Behavior::Succeeds),
    ("5200828282828210", &[], Behavior::Succeeds),
    ("5105105105105100", &[], Behavior::Succeeds),
    ("378282246310005", &[], Behavior::Succeeds),
    ("371449635398431", &["amex"], Behavior::Succeeds),
    ("6011111111111117", &["discover"], Behavior::Succeeds),
    ("3056930009020004", &[], Behavior::Succeeds),
    ("36227206271667", &[], Behavior::Succeeds),
    ("3566002020360505", &[], Behavior::Succeeds),
    ("6200000000000005", &[], Behavior::Succeeds),
    ("4000000000000077", &["bypassPending"], Behavior::IsAvailableAtOnce),
    ("4000002500003155", &["authenticationRequiredOnSetup"], Behavior::Authenticates),
    ("4000002760003184", &["authenticationRequired"], Behavior::Authenticates),
    ("4000000000003220", &["threeDSecure2Required"], Behavior::Authenticates),
    ("4000000000003063", &["threeDSecureRequired"], Behavior::Authenticates),
    (
        "4000008400001629",
        &["threeDSecureRequiredChargeDeclined"],
        Behavior::AuthenticatesThenFails(Failure::GenericDecline),
    ),
    (
        "4000008260003178",
        &["authenticationRequiredChargeDeclinedInsufficientFunds"],
        Behavior::AuthenticatesThenFails(Failure::InsufficientFunds),
    ),
    ("4000000000000259", &["createDispute"], Behavior::IsDisputed(DisputeReason::Fraudulent)),
    (
        "4000000000002685",
        &["createDisputeProductNotReceived"],
        Behavior::IsDisputed(DisputeReason::ProductNotReceived),
    ),
    ("4000000000005126", &["refundFail"], Behavior::RefundsFail),
    ("4000000000007726", &["pendingRefund"], Behavior::RefundsPend),
    (
        "4000000000000002",
        &["chargeDeclined", "visa_chargeDeclined"],
        Behavior::Fails(Failure::GenericDecline),
    ),
    (
        "4000000000009995",
        &["chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"],
        Behavior::Fails(Failure::InsufficientFunds),
    ),
    (
        "4000000000009987",
        &["chargeDeclinedLostCard", "visa_chargeDeclinedLostCard"],
        Behavior::Fails(Failure::LostCard),
    ),
    (
        "4000000000009979",
        &["chargeDeclinedStolenCard", "visa_chargeDeclinedStolenCard"],
        Behavior::Fails(Failure::StolenCard),
    ),
    ("4000000000000069", &["chargeDeclinedExpiredCard"], Behavior::Fails(Failure::ExpiredCard)),
    ("4000000000000127", &["chargeDeclinedIncorrectCvc"], Behavior::Fails(Failure::IncorrectCvc)),
    ("4000000000000119", &["chargeDeclinedProcessingError"], Behavior::Fails(Failure::ProcessingError)),
];

/// The numbers of all test cards.
pub fn test_cards() -> impl Iterator<Item = &'static str> {
    CARDS.iter().map(|(number, ..)| *number)
}

/// The behavior of the card of this number. Other numbers are declined.
pub(crate) fn by_number(digits: &str) -> Behavior {
    let card = CARDS.iter().find(|(number, ..)| *number == digits);
    card.map_or(Behavior::Fails(Failure::NotATestCard), |(.., behavior)| *behavior)
}

/// Brand, last four digits and behavior of the card of this name.
pub(crate) fn by_name(name: &str) -> Option<(&'static str, String, Behavior)> {
    let name = name.strip_prefix("pm_card_")?;
    let (digits, _, behavior) = CARDS.iter().find(|(_, names, _)| names.contains(&name))?;
    Some((number::brand(digits), number::last4(digits), *behavior))
}
