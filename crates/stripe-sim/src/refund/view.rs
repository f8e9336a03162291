//! The refund as Stripe writes it (<https://docs.stripe.com/api/refunds/object>).

use serde_json::{Value, json};

use super::RefundStatus;
use crate::balance::Reason;
use crate::id::Kind;
use crate::intent::{PaymentIntent, seconds};

impl PaymentIntent {
    /// The refund at this place.
    pub(crate) fn refund_view(&self, place: u32) -> Value {
        let Some(refund) = self.refunds.get(place as usize) else { return Value::Null };
        let moved =
            |reason| self.transaction_of(reason).map(|transaction| self.item(Kind::Transaction, transaction));
        let mut view = json!({
            "id": self.item(Kind::Refund, place),
            "object": "refund",
            "amount": refund.amount,
            "balance_transaction": moved(Reason::Refund { refund: place }),
            "charge": self.item(Kind::Charge, refund.charge),
            "created": seconds(refund.created),
            "currency": self.currency_code(),
            "destination_details": {
                "card": { "reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund" },
                "type": "card",
            },
            "metadata": refund.metadata,
            "payment_intent": self.id.to_string(),
            "reason": refund.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": refund.status,
            "transfer_reversal": null,
        });
        // Only there when they apply.
        match refund.status {
            RefundStatus::Failed => {
                view["failure_reason"] = json!("expired_or_canceled_card");
                view["failure_balance_transaction"] = json!(moved(Reason::RefundFailure { refund: place }));
            }
            RefundStatus::Pending => view["pending_reason"] = json!("processing"),
            RefundStatus::Succeeded => {}
        }
        view
    }
}
