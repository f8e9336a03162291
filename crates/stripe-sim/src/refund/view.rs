//! The refund as Stripe writes it (<https://docs.stripe.com/api/refunds/object>).

use serde_json::{Value, json};

use super::Refund;
use crate::intent::{PaymentIntent, seconds};

impl Refund {
    /// The whole object; `intent` is where the money comes from.
    pub(crate) fn view(&self, intent: &PaymentIntent) -> Value {
        json!({
            "id": self.id.to_string(),
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": null,
            "charge": intent.latest_charge,
            "created": seconds(self.created),
            "currency": intent.currency.code().to_lowercase(),
            "destination_details": { "card": { "type": "refund" }, "type": "card" },
            "metadata": self.metadata,
            "payment_intent": intent.id.to_string(),
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": "succeeded",
            "transfer_reversal": null,
        })
    }
}
