//! Stripe's test cards (<https://docs.stripe.com/testing>) by number and by name.

use super::{Behaviour, Failure, number};
use crate::dispute::DisputeReason;

/// Every card: its number, the names by which it goes behind `pm_card_`, and what it does.
const CARDS: &[(&str, &[&str], Behaviour)] = &[
    ("4242424242424242", &["visa", "us"], Behaviour::Succeeds),
    ("4000056655665556", &["visa_debit"], Behaviour::Succeeds),
    ("5555555555554444", &["mastercard"], Behaviour::Succeeds),
    ("2223003122003222", &[], Behaviour::Succeeds),
    ("5200828282828210", &[], Behaviour::Succeeds),
    ("5105105105105100", &[], Behaviour::Succeeds),
    ("378282246310005", &[], Behaviour::Succeeds),
    ("371449635398431", &["amex"], Behaviour::Succeeds),
    ("6011111111111117", &["discover"], Behaviour::Succeeds),
    ("3056930009020004", &[], Behaviour::Succeeds),
    ("36227206271667", &[], Behaviour::Succeeds),
    ("3566002020360505", &[], Behaviour::Succeeds),
    ("6200000000000005", &[], Behaviour::Succeeds),
    ("4000000000000077", &["bypassPending"], Behaviour::IsAvailableAtOnce),
    ("4000002500003155", &["authenticationRequiredOnSetup"], Behaviour::Authenticates),
    ("4000002760003184", &["authenticationRequired"], Behaviour::Authenticates),
    ("4000000000003220", &["threeDSecure2Required"], Behaviour::Authenticates),
    ("4000000000003063", &["threeDSecureRequired"], Behaviour::Authenticates),
    (
        "4000008400001629",
        &["threeDSecureRequiredChargeDeclined"],
        Behaviour::AuthenticatesThenFails(Failure::GenericDecline),
    ),
    (
        "4000008260003178",
        &["authenticationRequiredChargeDeclinedInsufficientFunds"],
        Behaviour::AuthenticatesThenFails(Failure::InsufficientFunds),
    ),
    ("4000000000000259", &["createDispute"], Behaviour::IsDisputed(DisputeReason::Fraudulent)),
    (
        "4000000000002685",
        &["createDisputeProductNotReceived"],
        Behaviour::IsDisputed(DisputeReason::ProductNotReceived),
    ),
    ("4000000000005126", &["refundFail"], Behaviour::RefundsFail),
    ("4000000000007726", &["pendingRefund"], Behaviour::RefundsPend),
    (
        "4000000000000002",
        &["chargeDeclined", "visa_chargeDeclined"],
        Behaviour::Fails(Failure::GenericDecline),
    ),
    (
        "4000000000009995",
        &["chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"],
        Behaviour::Fails(Failure::InsufficientFunds),
    ),
    (
        "4000000000009987",
        &["chargeDeclinedLostCard", "visa_chargeDeclinedLostCard"],
        Behaviour::Fails(Failure::LostCard),
    ),
    (
        "4000000000009979",
        &["chargeDeclinedStolenCard", "visa_chargeDeclinedStolenCard"],
        Behaviour::Fails(Failure::StolenCard),
    ),
    ("4000000000000069", &["chargeDeclinedExpiredCard"], Behaviour::Fails(Failure::ExpiredCard)),
    ("4000000000000127", &["chargeDeclinedIncorrectCvc"], Behaviour::Fails(Failure::IncorrectCvc)),
    ("4000000000000119", &["chargeDeclinedProcessingError"], Behaviour::Fails(Failure::ProcessingError)),
];

/// The numbers of all test cards, so that a test can try every one.
pub fn test_cards() -> impl Iterator<Item = &'static str> {
    CARDS.iter().map(|(number, ..)| *number)
}

/// What the card of this number does; numbers outside the list are real ones and are declined.
pub(crate) fn by_number(digits: &str) -> Behaviour {
    let card = CARDS.iter().find(|(number, ..)| *number == digits);
    card.map_or(Behaviour::Fails(Failure::NotATestCard), |(.., behaviour)| *behaviour)
}

/// Brand, last four digits and behaviour of the card of this name.
pub(crate) fn by_name(name: &str) -> Option<(&'static str, String, Behaviour)> {
    let name = name.strip_prefix("pm_card_")?;
    let (digits, _, behaviour) = CARDS.iter().find(|(_, names, _)| names.contains(&name))?;
    Some((number::brand(digits), number::last4(digits), *behaviour))
}
