//! The dispute as Stripe writes it (<https://docs.stripe.com/api/disputes/object>).

use common::Time;
use serde_json::{Map, Value, json};

use super::Dispute;
use super::evidence::FIELDS;
use crate::balance::Reason;
use crate::id::Kind;
use crate::intent::{PaymentIntent, seconds};

impl PaymentIntent {
    /// The dispute at this place.
    pub(crate) fn dispute_view(&self, place: u32) -> Value {
        let Some(dispute) = self.disputes.get(place as usize) else { return Value::Null };
        let moved = [Reason::Dispute { dispute: place }, Reason::DisputeReversal { dispute: place }];
        let moved = moved.into_iter().filter_map(|reason| self.transaction_of(reason));
        // A dispute's movements are available at once, whenever one looks.
        let transactions: Vec<Value> =
            moved.map(|one| self.transaction_view(one, Time::from_millis(i64::MAX))).collect();
        let brand = self.charges.get(dispute.charge as usize).map(|charge| charge.method.brand.as_str());
        json!({
            "id": self.item(Kind::Dispute, place),
            "object": "dispute",
            "amount": dispute.amount,
            "balance_transactions": transactions,
            "charge": self.item(Kind::Charge, dispute.charge),
            "created": seconds(dispute.created),
            "currency": self.currency_code(),
            "enhanced_eligibility_types": [],
            "evidence": evidence(dispute),
            "evidence_details": {
                "due_by": seconds(dispute.due_by),
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

/// Every field, null where nothing was told.
fn evidence(dispute: &Dispute) -> Value {
    let mut fields: Map<String, Value> =
        FIELDS.iter().map(|name| ((*name).to_owned(), json!(dispute.evidence.get(*name)))).collect();
    fields.insert("enhanced_evidence".to_owned(), json!({}));
    Value::Object(fields)
}
