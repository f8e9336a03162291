//! Disputes: the buyer asked the bank for the money back. Kept in the `PaymentIntent` whose money it is.

mod close;
mod create;
mod evidence;
mod view;

use std::collections::BTreeMap;

use common::Time;
use serde::{Deserialize, Serialize};

pub(crate) use create::NothingToDispute;
pub(crate) use evidence::DisputeUpdate;

use crate::error::ApiError;

/// How far a dispute has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DisputeStatus {
    NeedsResponse,
    UnderReview,
    Won,
    Lost,
}

impl DisputeStatus {
    /// Whether nothing was decided yet.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::NeedsResponse | Self::UnderReview)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::NeedsResponse => "needs_response",
            Self::UnderReview => "under_review",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

/// What the buyer told the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DisputeReason {
    CreditNotProcessed,
    Duplicate,
    Fraudulent,
    General,
    ProductNotReceived,
    ProductUnacceptable,
    Unrecognized,
}

impl DisputeReason {
    /// All of them, as the control page offers them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Fraudulent,
        Self::ProductNotReceived,
        Self::ProductUnacceptable,
        Self::CreditNotProcessed,
        Self::Duplicate,
        Self::Unrecognized,
        Self::General,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::CreditNotProcessed => "credit_not_processed",
            Self::Duplicate => "duplicate",
            Self::Fraudulent => "fraudulent",
            Self::General => "general",
            Self::ProductNotReceived => "product_not_received",
            Self::ProductUnacceptable => "product_unacceptable",
            Self::Unrecognized => "unrecognized",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            ApiError::invalid(format!("Invalid reason: must be one of {known}")).about_parameter("reason")
        })
    }

    /// Visa's code for it.
    const fn network_code(self) -> &'static str {
        match self {
            Self::CreditNotProcessed => "13.6",
            Self::Duplicate => "12.6.1",
            Self::Fraudulent | Self::Unrecognized => "10.4",
            Self::General => "11.3",
            Self::ProductNotReceived => "13.1",
            Self::ProductUnacceptable => "13.3",
        }
    }
}

/// The buyer's money back, by way of the bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) charge: u32,
    pub(crate) amount: i64,
    pub(crate) reason: DisputeReason,
    pub(crate) status: DisputeStatus,
    pub(crate) created: Time,
    /// Until then evidence is taken.
    pub(crate) due_by: Time,
    pub(crate) evidence: BTreeMap<String, String>,
    pub(crate) submissions: u32,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Dispute {
    /// Whether the bank has the money.
    pub(crate) fn holds_the_money(&self) -> bool {
        self.status != DisputeStatus::Won
    }
}
