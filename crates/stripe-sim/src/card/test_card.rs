//! Stripe's test cards (<https://docs.stripe.com/testing>) by number and by name.

use super::{Behaviour, Failure};
use crate::dispute::DisputeReason;

/// What the card of this number does; numbers outside the list are real ones and are declined.
pub(crate) fn by_number(digits: &str) -> Behaviour {
    match digits {
        "4242424242424242" | "4000056655665556" | "5555555555554444" | "2223003122003222"
        | "5200828282828210" | "5105105105105100" | "378282246310005" | "371449635398431"
        | "6011111111111117" | "3056930009020004" | "36227206271667" | "3566002020360505"
        | "6200000000000005" => Behaviour::Succeeds,
        "4000002500003155" | "4000002760003184" | "4000000000003220" | "4000000000003063" => {
            Behaviour::Authenticates
        }
        "4000008400001629" => Behaviour::AuthenticatesThenFails(Failure::GenericDecline),
        "4000008260003178" => Behaviour::AuthenticatesThenFails(Failure::InsufficientFunds),
        "4000000000000077" => Behaviour::IsAvailableAtOnce,
        "4000000000000259" => Behaviour::IsDisputed(DisputeReason::Fraudulent),
        "4000000000002685" => Behaviour::IsDisputed(DisputeReason::ProductNotReceived),
        "4000000000005126" => Behaviour::RefundsFail,
        "4000000000007726" => Behaviour::RefundsPend,
        "4000000000000002" => Behaviour::Fails(Failure::GenericDecline),
        "4000000000009995" => Behaviour::Fails(Failure::InsufficientFunds),
        "4000000000009987" => Behaviour::Fails(Failure::LostCard),
        "4000000000009979" => Behaviour::Fails(Failure::StolenCard),
        "4000000000000069" => Behaviour::Fails(Failure::ExpiredCard),
        "4000000000000127" => Behaviour::Fails(Failure::IncorrectCvc),
        "4000000000000119" => Behaviour::Fails(Failure::ProcessingError),
        _ => Behaviour::Fails(Failure::NotATestCard),
    }
}

/// Brand, last four digits and behaviour of the card of this name.
pub(crate) fn by_name(name: &str) -> Option<(&'static str, &'static str, Behaviour)> {
    let fails = |last4, failure| Some(("visa", last4, Behaviour::Fails(failure)));
    match name.strip_prefix("pm_card_")? {
        "visa" | "us" => Some(("visa", "4242", Behaviour::Succeeds)),
        "visa_debit" => Some(("visa", "5556", Behaviour::Succeeds)),
        "mastercard" => Some(("mastercard", "4444", Behaviour::Succeeds)),
        "amex" => Some(("amex", "8431", Behaviour::Succeeds)),
        "discover" => Some(("discover", "1117", Behaviour::Succeeds)),
        "authenticationRequired" => Some(("visa", "3184", Behaviour::Authenticates)),
        "authenticationRequiredOnSetup" => Some(("visa", "3155", Behaviour::Authenticates)),
        "threeDSecure2Required" => Some(("visa", "3220", Behaviour::Authenticates)),
        "threeDSecureRequired" => Some(("visa", "3063", Behaviour::Authenticates)),
        "threeDSecureRequiredChargeDeclined" => {
            Some(("visa", "1629", Behaviour::AuthenticatesThenFails(Failure::GenericDecline)))
        }
        "authenticationRequiredChargeDeclinedInsufficientFunds" => {
            Some(("visa", "3178", Behaviour::AuthenticatesThenFails(Failure::InsufficientFunds)))
        }
        "bypassPending" => Some(("visa", "0077", Behaviour::IsAvailableAtOnce)),
        "createDispute" => Some(("visa", "0259", Behaviour::IsDisputed(DisputeReason::Fraudulent))),
        "createDisputeProductNotReceived" => {
            Some(("visa", "2685", Behaviour::IsDisputed(DisputeReason::ProductNotReceived)))
        }
        "refundFail" => Some(("visa", "5126", Behaviour::RefundsFail)),
        "pendingRefund" => Some(("visa", "7726", Behaviour::RefundsPend)),
        "chargeDeclined" | "visa_chargeDeclined" => fails("0002", Failure::GenericDecline),
        "chargeDeclinedInsufficientFunds" | "visa_chargeDeclinedInsufficientFunds" => {
            fails("9995", Failure::InsufficientFunds)
        }
        "chargeDeclinedLostCard" | "visa_chargeDeclinedLostCard" => fails("9987", Failure::LostCard),
        "chargeDeclinedStolenCard" | "visa_chargeDeclinedStolenCard" => fails("9979", Failure::StolenCard),
        "chargeDeclinedExpiredCard" => fails("0069", Failure::ExpiredCard),
        "chargeDeclinedIncorrectCvc" => fails("0127", Failure::IncorrectCvc),
        "chargeDeclinedProcessingError" => fails("0119", Failure::ProcessingError),
        _ => None,
    }
}
