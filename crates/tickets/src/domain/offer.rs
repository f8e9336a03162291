//! What a seller offers. Each value can only be made valid.

use common::text::{self, TextError};
use common::{Money, Time};
use serde::{Deserialize, Serialize};

use super::Refusal;

/// Declares texts that people type. What the database holds was parsed once and is taken as it is, so that a rule may
/// become stricter without making older tickets unreadable.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $parse:path, $most:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The most Unicode scalar values, after trimming and NFC.
            pub const MOST: usize = $most;

            /// Makes it from what was typed.
            ///
            /// # Errors
            /// [`TextError`] names the first rule that the text breaks.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                $parse(text, Self::MOST).map(Self)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}

texts! {
    /// What the ticket is for.
    Title: text::line, 200;
    /// Where it takes place.
    Venue: text::line, 200;
    /// More about it, on several lines.
    Description: text::lines, 5_000;
}

/// A price that may be asked: see [`Money::is_chargeable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Price(Money);

/// An amount is out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from {} to {} in minor units of {}", .0.currency.min_price(), Money::MAX, .0.currency)]
pub struct PriceError(Money);

impl Price {
    /// Makes it from an amount.
    ///
    /// # Errors
    /// Less than the currency's least amount, or more than [`Money::MAX`].
    pub fn parse(money: Money) -> Result<Self, PriceError> {
        if money.is_chargeable() { Ok(Self(money)) } else { Err(PriceError(money)) }
    }

    /// The amount.
    pub fn money(self) -> Money {
        self.0
    }
}

/// Everything about a ticket that its seller decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// What it is for.
    pub title: Title,
    /// Where it takes place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<Venue>,
    /// When it begins. Whether that is soon enough depends on the present: see [`Offer::check_start`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Time>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// What it costs.
    pub price: Price,
}

impl Offer {
    /// Whether what is offered still lies ahead. A start that stays as it was `before` need not: a ticket can be
    /// corrected after its event has begun.
    ///
    /// # Errors
    /// [`Refusal::Late`].
    pub fn check_start(&self, before: Option<Time>, now: Time) -> Result<(), Refusal> {
        match self.starts_at {
            Some(start) if start <= now && Some(start) != before => Err(Refusal::Late),
            _ => Ok(()),
        }
    }
}
