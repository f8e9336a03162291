//! The id of a `PaymentIntent`: a UUID inside, `pi_` and its digits outside.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::ApiError;

/// Names a `PaymentIntent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct IntentId(pub(crate) Uuid);

impl IntentId {
    /// Reads an id.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("pi_")?;
        let id: uuid::fmt::Simple = digits.parse().ok()?;
        // Capital digits would be a second name for the same thing.
        Some(Self(id.into_uuid())).filter(|id| id.to_string() == text)
    }

    /// Reads the id in a path; what is not one names nothing.
    pub(crate) fn in_path(text: &str) -> Result<Self, ApiError> {
        Self::parse(text).ok_or_else(|| ApiError::missing(text))
    }

    /// Reads the id in the parameter `payment_intent`.
    pub(crate) fn in_parameter(text: &str) -> Result<Self, ApiError> {
        Self::parse(text).ok_or_else(|| ApiError::missing_parameter(text))
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pi_{}", self.0.simple())
    }
}
