//! The ids of what belongs to a `PaymentIntent`: the owner's digits, then the place among its kind. As at Stripe, all
//! that comes of one payment can be told by its id.

use std::fmt;
use std::str::FromStr;

use crate::error::ApiError;
use crate::intent::IntentId;

/// How many digits the owner takes.
const OWNER: usize = 32;

/// What can be retrieved and listed.
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

    /// What Stripe calls such an object, in its `object` member and in messages.
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

    /// The index in which all of them stand by the time when they were created.
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

    /// Where they are listed.
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

    /// What Stripe calls the id in the path, when it complains about it.
    const fn path_parameter(self) -> &'static str {
        match self {
            Self::PaymentIntent => "intent",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Charge | Self::Transaction | Self::Event => "id",
        }
    }
}

/// Names one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ItemId {
    pub(crate) kind: Kind,
    /// The `PaymentIntent` to which it belongs, or which it is.
    pub(crate) owner: IntentId,
    /// Its place among its kind, from 0; 0 for the `PaymentIntent` itself.
    pub(crate) place: u32,
}

impl ItemId {
    pub(crate) const fn new(kind: Kind, owner: IntentId, place: u32) -> Self {
        Self { kind, owner, place }
    }

    /// Reads an id of whatever kind.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (prefix, digits) = text.split_once('_')?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.prefix() == prefix)?;
        let owner = uuid::fmt::Simple::from_str(digits.get(..OWNER)?).ok()?.into_uuid();
        let place = match kind {
            Kind::PaymentIntent => 0,
            _ => u32::from_str_radix(&digits[OWNER..], 16).ok()?,
        };
        // Capital digits and idle zeros would be second names for the same thing.
        Some(Self::new(kind, IntentId(owner), place)).filter(|id| id.to_string() == text)
    }

    /// Reads the id in a path; what is not one names nothing.
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
        if self.kind == Kind::PaymentIntent { Ok(()) } else { write!(f, "{:02x}", self.place) }
    }
}

/// A place in a list. No payment has so many of anything that this could overflow.
pub(crate) fn place(index: usize) -> u32 {
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
