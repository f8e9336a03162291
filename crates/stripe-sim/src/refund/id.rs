//! The id of a refund: a UUID inside, `re_` and its digits outside.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Names a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct RefundId(pub(crate) Uuid);

impl fmt::Display for RefundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "re_{}", self.0.simple())
    }
}
