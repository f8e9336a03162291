//! A movement as Stripe writes it (<https://docs.stripe.com/api/balance_transactions/object>).

use common::Time;
use serde_json::{Value, json};

use super::Reason;
use crate::id::Kind;
use crate::intent::{PaymentIntent, seconds};

impl Reason {
    /// Stripe's `type`.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Charge { .. } => "charge",
            Self::Refund { .. } => "refund",
            Self::RefundFailure { .. } => "refund_failure",
            Self::Dispute { .. } | Self::DisputeReversal { .. } => "adjustment",
        }
    }

    const fn reporting_category(self) -> &'static str {
        match self {
            Self::Dispute { .. } => "dispute",
            Self::DisputeReversal { .. } => "dispute_reversal",
            _ => self.kind(),
        }
    }

    /// What it is about.
    pub(crate) const fn source(self) -> (Kind, u32) {
        match self {
            Self::Charge { charge } => (Kind::Charge, charge),
            Self::Refund { refund } | Self::RefundFailure { refund } => (Kind::Refund, refund),
            Self::Dispute { dispute } | Self::DisputeReversal { dispute } => (Kind::Dispute, dispute),
        }
    }
}

impl PaymentIntent {
    /// The movement at this place, as it stands at `now`.
    pub(crate) fn transaction_view(&self, place: u32, now: Time) -> Value {
        let Some(transaction) = self.transactions.get(place as usize) else { return Value::Null };
        let (kind, source) = transaction.reason.source();
        let fees: Vec<Value> = (transaction.fee != 0)
            .then(|| {
                json!({
                    "amount": transaction.fee,
                    "application": null,
                    "currency": self.currency_code(),
                    "description": "Stripe processing fees",
                    "type": "stripe_fee",
                })
            })
            .into_iter()
            .collect();
        json!({
            "id": self.item(Kind::Transaction, place),
            "object": "balance_transaction",
            "amount": transaction.amount,
            "available_on": seconds(transaction.available_on),
            "balance_type": "payments",
            "created": seconds(transaction.created),
            "currency": self.currency_code(),
            "description": self.texts.description,
            "exchange_rate": null,
            "fee": transaction.fee,
            "fee_details": fees,
            "net": transaction.net(),
            "reporting_category": transaction.reason.reporting_category(),
            "source": self.item(kind, source),
            "status": if transaction.available_on <= now { "available" } else { "pending" },
            "type": transaction.reason.kind(),
        })
    }
}
