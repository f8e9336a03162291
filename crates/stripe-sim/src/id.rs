//! Ids of a `PaymentIntent` and of the objects that belong to it: a prefix, the owner's digits, and the position among
//! its kind. As at Stripe, an id shows the payment to which the object belongs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::ApiError;

/// The digits of the owner.
const OWNER_DIGITS: usize = 32;

/// The kinds of objects that can be retrieved and listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    PaymentIntent,
    Charge,
    Refund,
    Dispute,
    Transaction,
    Event,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::PaymentIntent, Self::Charge, Self::Refund, Self::Dispute, Self::Transaction, Self::Event];

    const fn prefix(self) -> &'static str {
        match self {
            Self::PaymentIntent => "pi",
            Self::Charge => "ch",
            Self::Refund => "re",
            Self::Dispute => "du",
            Self::Transaction => "txn",
            Self::Event => "evt",
        }
    }

    /// Stripe's noun in `object` members and messages.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::PaymentIntent => "payment_intent",
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Transaction => "balance_transaction",
            Self::Event => "event",
        }
    }

    /// The database index by creation.
    pub(crate) const fn index(self) -> &'static str {
        match self {
            Self::PaymentIntent => "payment-intents",
            Self::Charge => "charges",
            Self::Refund => "refunds",
            Self::Dispute => "disputes",
            Self::Transaction => "balance-transactions",
            Self::Event => "events",
        }
    }

    /// The path of the list.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::PaymentIntent => "/v1/payment_intents",
            Self::Charge => "/v1/charges",
            Self::Refund => "/v1/refunds",
            Self::Dispute => "/v1/disputes",
            Self::Transaction => "/v1/balance_transactions",
            Self::Event => "/v1/events",
        }
    }

    /// Stripe's name of the id in the path, in errors.
    const fn path_parameter(self) -> &'static str {
        match self {
            Self::PaymentIntent => "intent",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Charge | Self::Transaction | Self::Event => "id",
        }
    }
}

/// The id of a `PaymentIntent`: a UUID inside, `pi_` and its digits outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct IntentId(pub(crate) Uuid);

impl IntentId {
    /// Reads the id in a path.
    pub(crate) fn in_path(text: &str) -> Result<Self, ApiError> {
        ItemId::in_path(Kind::PaymentIntent, text).map(|id| id.owner)
    }

    /// 404 for an id in the path.
    pub(crate) fn missing(self) -> ApiError {
        ItemId::missing(Kind::PaymentIntent, &self.to_string())
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ItemId::new(Kind::PaymentIntent, *self, 0).fmt(f)
    }
}

/// The id of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ItemId {
    pub(crate) kind: Kind,
    /// The `PaymentIntent` that the object belongs to or is.
    pub(crate) owner: IntentId,
    /// The position among the owner's objects of this kind, from 0; 0 for the `PaymentIntent` itself.
    pub(crate) position: u32,
}

impl ItemId {
    pub(crate) const fn new(kind: Kind, owner: IntentId, position: u32) -> Self {
        Self { kind, owner, position }
    }

    /// Reads an id of any kind.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (prefix, digits) = text.split_once('_')?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.prefix() == prefix)?;
        let owner = uuid::fmt::Simple::from_str(digits.get(..OWNER_DIGITS)?).ok()?.into_uuid();
        let position = match kind {
            Kind::PaymentIntent => 0,
            _ => u32::from_str_radix(&digits[OWNER_DIGITS..], 16).ok()?,
        };
        // Capital digits and superfluous zeros would give an object a second id.
        Some(Self::new(kind, IntentId(owner), position)).filter(|id| id.to_string() == text)
    }

    /// Reads the id in a path. An invalid id is a missing object.
    pub(crate) fn in_path(kind: Kind, text: &str) -> Result<Self, ApiError> {
        Self::parse(text).filter(|id| id.kind == kind).ok_or_else(|| Self::missing(kind, text))
    }

    /// Reads the id in a parameter.
    pub(crate) fn in_parameter(kind: Kind, param: &str, text: &str) -> Result<Self, ApiError> {
        let id = Self::parse(text).filter(|id| id.kind == kind);
        id.ok_or_else(|| ApiError::no_such(kind.noun(), param, text))
    }

    /// 404 for an id in the path.
    pub(crate) fn missing(kind: Kind, text: &str) -> ApiError {
        ApiError::no_such(kind.noun(), kind.path_parameter(), text)
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.kind.prefix(), self.owner.0.simple())?;
        if self.kind == Kind::PaymentIntent { Ok(()) } else { write!(f, "{:02x}", self.position) }
    }
}

/// The position of an index. No payment has enough objects for an overflow.
pub(crate) fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{ItemId, Kind};

    const OWNER: &str = "0192f0c07c1e7e3a80001234567890ab";

    #[test]
    fn an_id_has_one_spelling() {
        for (text, kind) in [
            (format!("pi_{OWNER}"), Some(Kind::PaymentIntent)),
            (format!("ch_{OWNER}00"), Some(Kind::Charge)),
            (format!("evt_{OWNER}1ff"), Some(Kind::Event)),
            (format!("ch_{OWNER}"), None),
            (format!("ch_{OWNER}0"), None),
            (format!("ch_{OWNER}000"), None),
            (format!("ch_{}00", OWNER.to_uppercase()), None),
            (format!("pi_{OWNER}00"), None),
            (format!("cus_{OWNER}00"), None),
            ("pi_é".to_owned(), None),
            ("pi_".to_owned(), None),
        ] {
            assert_eq!(ItemId::parse(&text).map(|id| id.kind), kind, "{text}");
        }
    }
}
