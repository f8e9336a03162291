//! Failures of charges, with Stripe's codes (<https://docs.stripe.com/declines/codes>).

use serde::{Deserialize, Serialize};

/// The reason that a charge failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Failure {
    GenericDecline,
    InsufficientFunds,
    LostCard,
    StolenCard,
    NotATestCard,
    ExpiredCard,
    IncorrectCvc,
    ProcessingError,
    AuthenticationFailed,
    IncorrectNumber,
    InvalidExpiryMonth,
    InvalidExpiryYear,
    InvalidCvc,
}

impl Failure {
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::AuthenticationFailed => "invalid_request_error",
            _ => "card_error",
        }
    }

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::GenericDecline
            | Self::InsufficientFunds
            | Self::LostCard
            | Self::StolenCard
            | Self::NotATestCard => "card_declined",
            Self::ExpiredCard => "expired_card",
            Self::IncorrectCvc => "incorrect_cvc",
            Self::ProcessingError => "processing_error",
            Self::AuthenticationFailed => "payment_intent_authentication_failure",
            Self::IncorrectNumber => "incorrect_number",
            Self::InvalidExpiryMonth => "invalid_expiry_month",
            Self::InvalidExpiryYear => "invalid_expiry_year",
            Self::InvalidCvc => "invalid_cvc",
        }
    }

    /// `None` unless the code is `card_declined`.
    pub(crate) const fn decline_code(self) -> Option<&'static str> {
        match self {
            Self::GenericDecline => Some("generic_decline"),
            Self::InsufficientFunds => Some("insufficient_funds"),
            Self::LostCard => Some("lost_card"),
            Self::StolenCard => Some("stolen_card"),
            Self::NotATestCard => Some("test_mode_live_card"),
            _ => None,
        }
    }

    /// Stripe's advice.
    pub(crate) const fn advice_code(self) -> Option<&'static str> {
        match self {
            Self::GenericDecline | Self::InsufficientFunds | Self::ProcessingError => Some("try_again_later"),
            Self::LostCard | Self::StolenCard | Self::NotATestCard => Some("do_not_try_again"),
            Self::ExpiredCard | Self::IncorrectCvc => Some("confirm_card_data"),
            _ => None,
        }
    }

    /// The invalid field of the card form.
    pub(crate) const fn param(self) -> Option<&'static str> {
        match self {
            Self::IncorrectNumber => Some("number"),
            Self::InvalidExpiryMonth | Self::ExpiredCard => Some("exp_month"),
            Self::InvalidExpiryYear => Some("exp_year"),
            Self::InvalidCvc | Self::IncorrectCvc => Some("cvc"),
            _ => None,
        }
    }

    /// A sentence for the buyer.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::GenericDecline | Self::LostCard | Self::StolenCard => "Your card was declined.",
            Self::InsufficientFunds => "Your card has insufficient funds.",
            Self::NotATestCard => "Your card was declined: only test cards are accepted here.",
            Self::ExpiredCard => "Your card has expired.",
            Self::IncorrectCvc => "Your card's security code is incorrect.",
            Self::ProcessingError => "Your card could not be processed; try again in a moment.",
            Self::AuthenticationFailed => {
                "Your bank did not confirm the payment; try again or take another card."
            }
            Self::IncorrectNumber => "Your card number is incorrect.",
            Self::InvalidExpiryMonth => "Your card's expiration month is invalid.",
            Self::InvalidExpiryYear => "Your card's expiration year is invalid.",
            Self::InvalidCvc => "Your card's security code is invalid.",
        }
    }
}
