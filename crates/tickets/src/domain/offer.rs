//! The offer of a seller. Its values can only be constructed valid.

use common::text::{self, TextError};
use common::{Money, Time};
use serde::{Deserialize, Serialize};

use super::Refusal;

/// Declares texts that users type. Stored texts are not parsed again, so that a rule may become stricter without making
/// older tickets unreadable.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $parse:path, $max:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The maximum number of Unicode scalar values, after trimming and NFC.
            pub const MAX_CHARS: usize = $max;

            /// Parses a text as typed.
            ///
            /// # Errors
            /// [`TextError`] names the first rule that the text breaks.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                $parse(text, Self::MAX_CHARS).map(Self)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}

texts! {
    /// The title, such as the name of a concert.
    Title: text::line, 200;
    /// The venue.
    Venue: text::line, 200;
    /// Details, on several lines.
    Description: text::lines, 5_000;
}

/// A price that can be charged: see [`Money::is_chargeable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Price(Money);

/// An amount is out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from {} to {} in minor units of {}", .0.currency.min_price(), Money::MAX, .0.currency)]
pub struct PriceError(Money);

impl Price {
    /// Parses an amount.
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
    /// The title.
    pub title: Title,
    /// The venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<Venue>,
    /// The start; [`Offer::check_start`] compares it with the present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Time>,
    /// Details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// The price.
    pub price: Price,
}

impl Offer {
    /// The title of a listing whose seller's account was deleted.
    const ERASED_TITLE: &str = "Deleted listing";

    /// The offer without the seller's texts.
    #[must_use]
    pub fn erased(&self) -> Self {
        let title = Title(Self::ERASED_TITLE.to_owned());
        Self { title, venue: None, description: None, ..self.clone() }
    }

    /// Checks that the start lies in the future, or is the same as `before`: a ticket can be corrected after its start.
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
