//! The id of a `PaymentIntent`: a UUID inside, `pi_` and its digits outside.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::ApiError;
use crate::id::{ItemId, Kind};

/// Names a `PaymentIntent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct IntentId(pub(crate) Uuid);

impl IntentId {
    /// Reads the id in a path; what is not one names nothing.
    pub(crate) fn in_path(text: &str) -> Result<Self, ApiError> {
        ItemId::in_path(Kind::PaymentIntent, text).map(|id| id.owner)
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ItemId::new(Kind::PaymentIntent, *self, 0).fmt(f)
    }
}
