//! Disputes of a payment: their opening, evidence, decision and Stripe's JSON
//! (<https://docs.stripe.com/api/disputes/object>).

use std::collections::BTreeMap;
use std::time::Duration;

use common::Time;
use serde_json::{Map, Value, json};

use super::{Context, PaymentIntent, Status, Subject, Transition};
use crate::balance::{Reason, Transaction};
use crate::card::Behavior;
use crate::charge::ChargeState;
use crate::dispute::{Dispute, DisputeReason, DisputeStatus, DisputeUpdate, EVIDENCE_FIELDS};
use crate::error::ApiError;
use crate::event::EventType;
use crate::format::unix_seconds;
use crate::id::Kind;

/// The delay from the capture to a test card's dispute.
const CARD_DISPUTE_DELAY: Duration = Duration::from_secs(3);

/// The time for evidence; banks allow 7 to 21 days (<https://docs.stripe.com/disputes/how-disputes-work>).
const RESPONSE_TIMEOUT: Duration = Duration::from_hours(7 * 24);

/// The evidence that decides a dispute in Stripe's test mode (<https://docs.stripe.com/testing#disputes>).
const DECISIVE_FIELD: &str = "uncategorized_text";

const WINNING_EVIDENCE: &str = "winning_evidence";

const LOSING_EVIDENCE: &str = "losing_evidence";

/// The payment has no undisputed money left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NothingToDispute;

impl PaymentIntent {
    /// When the test card's dispute opens.
    pub(crate) fn card_dispute_due(&self) -> Option<Time> {
        let charge = self.charges.last().filter(|_| self.disputes.is_empty())?;
        match (charge.method.behavior, charge.state) {
            (Behavior::IsDisputed(_), ChargeState::Captured { at, .. }) if self.amount_refundable() > 0 => {
                Some(at.after(CARD_DISPUTE_DELAY))
            }
            _ => None,
        }
    }

    /// Opens the test card's dispute.
    pub(crate) fn open_card_dispute(&self, context: Context) -> Option<Transition> {
        match self.charges.last()?.method.behavior {
            Behavior::IsDisputed(reason) => self.dispute(reason, context).ok(),
            _ => None,
        }
    }

    /// Opens a dispute; the money not yet refunded is withdrawn until the decision.
    pub(crate) fn dispute(
        &self,
        reason: DisputeReason,
        context: Context,
    ) -> Result<Transition, NothingToDispute> {
        let charge = self.latest_charge().filter(|_| self.status == Status::Succeeded);
        let charge = charge.ok_or(NothingToDispute)?;
        let amount = self.amount_refundable();
        if amount < 1 || self.disputes.iter().any(|dispute| dispute.charge == charge) {
            return Err(NothingToDispute);
        }
        let mut next = self.clone();
        let position = crate::id::position(next.disputes.len());
        next.disputes.push(Dispute {
            charge,
            amount,
            reason,
            status: DisputeStatus::NeedsResponse,
            created: context.now,
            due_by: context.now.after(RESPONSE_TIMEOUT),
            evidence: BTreeMap::new(),
            submissions: 0,
            metadata: BTreeMap::new(),
        });
        let withdrawn = Reason::Dispute { dispute: position };
        next.transactions.push(Transaction::new(withdrawn, -amount, context.fees.dispute, context.now));
        let subject = Subject::Dispute(position);
        Ok(Transition::of(next)
            .with_event(EventType::DisputeCreated, subject)
            .with_event(EventType::DisputeFundsWithdrawn, subject)
            .returning(subject))
    }

    /// Adds evidence and, unless it is only staged, submits it to the bank.
    pub(crate) fn update_dispute(
        &self,
        position: u32,
        requested: &DisputeUpdate,
        context: Context,
    ) -> Result<Option<Transition>, ApiError> {
        let mut next = self.clone();
        let Some(dispute) = next.disputes.get_mut(position as usize) else { return Ok(None) };
        if !requested.evidence.is_empty() && dispute.status != DisputeStatus::NeedsResponse {
            let status = dispute.status.as_str();
            let message = format!("Evidence can no longer be given: the dispute's status is {status}.");
            return Err(ApiError::invalid(message).about_parameter("evidence"));
        }
        dispute.metadata = requested.metadata.apply(std::mem::take(&mut dispute.metadata))?;
        dispute.evidence.extend(requested.evidence.clone());
        dispute.evidence.retain(|_, text| !text.is_empty());
        if requested.submit && !requested.evidence.is_empty() {
            dispute.submissions += 1;
            dispute.status = DisputeStatus::UnderReview;
        }
        let decided = match dispute.evidence.get(DECISIVE_FIELD).map(String::as_str) {
            Some(WINNING_EVIDENCE) => Some(true),
            Some(LOSING_EVIDENCE) => Some(false),
            _ => None,
        };
        let under_review = dispute.status == DisputeStatus::UnderReview;
        let subject = Subject::Dispute(position);
        if let Some(won) = decided.filter(|_| under_review) {
            return Ok(next.close_dispute(position, won, context));
        }
        Ok(Some(Transition::of(next).with_event(EventType::DisputeUpdated, subject).returning(subject)))
    }

    /// When the next dispute without evidence is lost.
    pub(crate) fn dispute_response_due(&self) -> Option<Time> {
        let waiting = self.disputes.iter().filter(|dispute| dispute.status == DisputeStatus::NeedsResponse);
        waiting.map(|dispute| dispute.due_by).min()
    }

    /// Loses a dispute whose response is overdue.
    pub(crate) fn expire_dispute(&self, context: Context) -> Option<Transition> {
        let is_overdue = |dispute: &Dispute| {
            dispute.status == DisputeStatus::NeedsResponse && dispute.due_by <= context.now
        };
        let index = self.disputes.iter().position(is_overdue)?;
        self.close_dispute(crate::id::position(index), false, context)
    }

    /// Decides an open dispute. `None` if there is none at this position.
    pub(crate) fn close_dispute(&self, position: u32, won: bool, context: Context) -> Option<Transition> {
        let mut next = self.clone();
        let dispute = next.disputes.get_mut(position as usize).filter(|dispute| dispute.status.is_open())?;
        dispute.status = if won { DisputeStatus::Won } else { DisputeStatus::Lost };
        let (amount, subject) = (dispute.amount, Subject::Dispute(position));
        let mut events = vec![(EventType::DisputeClosed, subject)];
        if won {
            let fee = next.transaction_of(Reason::Dispute { dispute: position });
            let fee =
                fee.and_then(|withdrawn| next.transactions.get(withdrawn as usize)).map_or(0, |one| one.fee);
            let reason = Reason::DisputeReversal { dispute: position };
            next.transactions.push(Transaction::new(reason, amount, -fee, context.now));
            events.push((EventType::DisputeFundsReinstated, subject));
        }
        Some(Transition { events, ..Transition::of(next).returning(subject) })
    }

    /// Stripe's JSON of the dispute at this position.
    pub(crate) fn dispute_view(&self, position: u32) -> Value {
        let Some(dispute) = self.disputes.get(position as usize) else { return Value::Null };
        let transactions =
            [Reason::Dispute { dispute: position }, Reason::DisputeReversal { dispute: position }];
        let transactions = transactions.into_iter().filter_map(|reason| self.transaction_of(reason));
        // A dispute's transactions are available at any time.
        let transactions: Vec<Value> =
            transactions.map(|one| self.transaction_view(one, Time::from_millis(i64::MAX))).collect();
        let brand = self.charges.get(dispute.charge as usize).map(|charge| charge.method.brand.as_str());
        json!({
            "id": self.item(Kind::Dispute, position),
            "object": "dispute",
            "amount": dispute.amount,
            "balance_transactions": transactions,
            "charge": self.item(Kind::Charge, dispute.charge),
            "created": unix_seconds(dispute.created),
            "currency": self.currency_code(),
            "enhanced_eligibility_types": [],
            "evidence": evidence(dispute),
            "evidence_details": {
                "due_by": unix_seconds(dispute.due_by),
                "enhanced_eligibility": {},
                "has_evidence": !dispute.evidence.is_empty(),
                "past_due": false,
                "submission_count": dispute.submissions,
            },
            "is_charge_refundable": false,
            "livemode": false,
            "metadata": dispute.metadata,
            "payment_intent": self.id.to_string(),
            "payment_method_details": {
                "card": { "brand": brand, "case_type": "chargeback", "network": brand, "network_reason_code": dispute.reason.network_code() },
                "type": "card",
            },
            "reason": dispute.reason.as_str(),
            "status": dispute.status.as_str(),
        })
    }
}

/// Every field, null without evidence.
fn evidence(dispute: &Dispute) -> Value {
    let mut fields: Map<String, Value> =
        EVIDENCE_FIELDS.iter().map(|name| ((*name).to_owned(), json!(dispute.evidence.get(*name)))).collect();
    fields.insert("enhanced_evidence".to_owned(), json!({}));
    Value::Object(fields)
}
