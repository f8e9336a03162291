//! Answering a dispute.

use std::collections::BTreeMap;

use super::DisputeStatus;
use crate::error::ApiError;
use crate::event::EventType;
use crate::intent::{PaymentIntent, Step, Subject, Terms};
use crate::metadata::MetadataChange;
use crate::param::Params;

const KNOWN: &[&str] = &["evidence", "expand", "metadata", "submit"];

/// What may be told (<https://docs.stripe.com/api/disputes/update>).
pub(super) const FIELDS: &[&str] = &[
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

/// All texts together.
const LONGEST: usize = 150_000;

/// What Stripe's test mode takes for the bank's decision (<https://docs.stripe.com/testing#disputes>).
const DECISIVE: &str = "uncategorized_text";
const WINS: &str = "winning_evidence";
const LOSES: &str = "losing_evidence";

/// What is to be changed, checked.
#[derive(Debug, Clone)]
pub(crate) struct DisputeUpdate {
    evidence: BTreeMap<String, String>,
    metadata: MetadataChange,
    submit: bool,
}

impl DisputeUpdate {
    /// Checks the parameters.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.only(KNOWN)?;
        let mut evidence = BTreeMap::new();
        for (field, text) in params.below("evidence") {
            if !FIELDS.contains(&field) {
                let (param, message) =
                    (format!("evidence[{field}]"), format!("Received unknown parameter: evidence[{field}]"));
                return Err(ApiError::parameter("parameter_unknown", &param, message));
            }
            evidence.insert(field.to_owned(), text.to_owned());
        }
        if evidence.values().map(|text| text.chars().count()).sum::<usize>() > LONGEST {
            let message = format!("The evidence can have up to {LONGEST} characters in all.");
            return Err(ApiError::invalid(message).about_parameter("evidence"));
        }
        let metadata = MetadataChange::read(params)?;
        Ok(Self { evidence, metadata, submit: params.flag("submit")?.unwrap_or(true) })
    }
}

impl PaymentIntent {
    /// Adds to the answer and, unless it is only staged, sends it to the bank.
    pub(crate) fn answer_dispute(
        &self,
        place: u32,
        wanted: &DisputeUpdate,
        terms: Terms,
    ) -> Result<Option<Step>, ApiError> {
        let mut next = self.clone();
        let Some(dispute) = next.disputes.get_mut(place as usize) else { return Ok(None) };
        if !wanted.evidence.is_empty() && dispute.status != DisputeStatus::NeedsResponse {
            let status = dispute.status.as_str();
            let message = format!("Evidence can no longer be given: the dispute's status is {status}.");
            return Err(ApiError::invalid(message).about_parameter("evidence"));
        }
        dispute.metadata = wanted.metadata.apply(std::mem::take(&mut dispute.metadata))?;
        dispute.evidence.extend(wanted.evidence.clone());
        dispute.evidence.retain(|_, text| !text.is_empty());
        if wanted.submit && !wanted.evidence.is_empty() {
            dispute.submissions += 1;
            dispute.status = DisputeStatus::UnderReview;
        }
        let decided = match dispute.evidence.get(DECISIVE).map(String::as_str) {
            Some(WINS) => Some(true),
            Some(LOSES) => Some(false),
            _ => None,
        };
        let under_review = dispute.status == DisputeStatus::UnderReview;
        let subject = Subject::Dispute(place);
        if let Some(won) = decided.filter(|_| under_review) {
            return Ok(next.close_dispute(place, won, terms));
        }
        Ok(Some(Step::of(next).announcing(EventType::DisputeUpdated, subject).showing(subject)))
    }
}
