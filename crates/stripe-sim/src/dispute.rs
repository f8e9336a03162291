//! Disputes, and the parameters that answer them.

use std::collections::BTreeMap;

use common::Time;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::metadata::MetadataChange;
use crate::param::Params;

/// The state of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DisputeStatus {
    NeedsResponse,
    UnderReview,
    Won,
    Lost,
}

impl DisputeStatus {
    /// Whether the bank has not decided yet.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::NeedsResponse | Self::UnderReview)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NeedsResponse => "needs_response",
            Self::UnderReview => "under_review",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

/// The buyer's reason.
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
    /// In the order of the control page.
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

    /// Visa's reason code.
    pub(crate) const fn network_code(self) -> &'static str {
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

/// A dispute, stored in its `PaymentIntent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) charge: u32,
    pub(crate) amount: i64,
    pub(crate) reason: DisputeReason,
    pub(crate) status: DisputeStatus,
    pub(crate) created: Time,
    /// The deadline for evidence.
    pub(crate) due_by: Time,
    pub(crate) evidence: BTreeMap<String, String>,
    pub(crate) submissions: u32,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Dispute {
    /// Whether the bank withholds the money.
    pub(crate) fn withholds_funds(&self) -> bool {
        self.status != DisputeStatus::Won
    }
}

const UPDATE_PARAMS: &[&str] = &["evidence", "expand", "metadata", "submit"];

/// The fields of evidence (<https://docs.stripe.com/api/disputes/update>).
pub(crate) const EVIDENCE_FIELDS: &[&str] = &[
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
];

/// Characters of all texts together.
const MAX_EVIDENCE_LENGTH: usize = 150_000;

/// The checked parameters of an answer.
#[derive(Debug, Clone)]
pub(crate) struct DisputeUpdate {
    pub(crate) evidence: BTreeMap<String, String>,
    pub(crate) metadata: MetadataChange,
    pub(crate) submit: bool,
}

impl DisputeUpdate {
    /// Checks the parameters.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.reject_unknown(UPDATE_PARAMS)?;
        let mut evidence = BTreeMap::new();
        for (field, text) in params.nested("evidence") {
            if !EVIDENCE_FIELDS.contains(&field) {
                let (param, message) =
                    (format!("evidence[{field}]"), format!("Received unknown parameter: evidence[{field}]"));
                return Err(ApiError::parameter("parameter_unknown", &param, message));
            }
            evidence.insert(field.to_owned(), text.to_owned());
        }
        if evidence.values().map(|text| text.chars().count()).sum::<usize>() > MAX_EVIDENCE_LENGTH {
            let message = format!("The evidence can have up to {MAX_EVIDENCE_LENGTH} characters in all.");
            return Err(ApiError::invalid(message).about_parameter("evidence"));
        }
        let metadata = MetadataChange::read(params)?;
        Ok(Self { evidence, metadata, submit: params.flag("submit")?.unwrap_or(true) })
    }
}
