//! Stripe's JSON of a payment (<https://docs.stripe.com/api/payment_intents/object>) and of its balance transactions
//! (<https://docs.stripe.com/api/balance_transactions/object>).

use common::Time;
use serde_json::{Value, json};

use super::{PaymentError, PaymentIntent, Status, Subject};
use crate::error::ApiError;
use crate::format::{unix_seconds, with_nulls};
use crate::id::Kind;

/// The members for callers with a publishable key.
const PUBLIC_FIELDS: &[&str] = &[
    "amount",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "capture_method",
    "client_secret",
    "confirmation_method",
    "created",
    "currency",
    "description",
    "id",
    "last_payment_error",
    "livemode",
    "next_action",
    "object",
    "payment_method",
    "payment_method_types",
    "processing",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "source",
    "status",
];

/// Members that are always null in the simulator.
const NULL_FIELDS: &[&str] = &[
    "application",
    "application_fee_amount",
    "customer",
    "customer_account",
    "excluded_payment_method_types",
    "hooks",
    "on_behalf_of",
    "payment_method_configuration_details",
    "presentment_details",
    "processing",
    "review",
    "setup_future_usage",
    "shipping",
    "source",
    "transfer_data",
];

/// The part of a view for callers with a publishable key.
pub(crate) fn public_view(mut view: Value) -> Value {
    if let Value::Object(members) = &mut view {
        members.retain(|name, _| PUBLIC_FIELDS.contains(&name.as_str()));
    }
    view
}

impl PaymentIntent {
    /// Stripe's JSON of one of the payment's objects; null if there is none. Addresses start with `base`.
    pub(crate) fn object_view(&self, subject: Subject, base: &str) -> Value {
        match subject {
            Subject::Intent => self.view(base),
            Subject::Charge(position) => self.charge_view(position),
            Subject::Refund(position) => self.refund_view(position),
            Subject::Dispute(position) => self.dispute_view(position),
        }
    }

    /// Stripe's JSON of the payment. Addresses start with `base`.
    pub(crate) fn view(&self, base: &str) -> Value {
        let view = json!({
            "id": self.id.to_string(),
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": self.amount_capturable(),
            "amount_details": { "tip": {} },
            "amount_received": self.amount_received,
            "automatic_payment_methods": self.automatic_payment_methods
                .then(|| json!({ "allow_redirects": "always", "enabled": true })),
            "canceled_at": self.canceled_at.map(unix_seconds),
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret,
            "confirmation_method": "automatic",
            "created": unix_seconds(self.created),
            "currency": self.currency_code(),
            "last_payment_error": self.last_payment_error.as_ref().map(|error| self.error_view(error)),
            "latest_charge": self.latest_charge().map(|position| self.item(Kind::Charge, position)),
            "livemode": false,
            "metadata": self.metadata,
            "next_action": self.next_action(base),
            "payment_method": self.payment_method.as_ref().map(|method| &method.id),
            "payment_method_options": {
                "card": { "installments": null, "mandate_options": null, "network": null, "request_three_d_secure": "automatic" },
            },
            "payment_method_types": self.payment_method_types,
            "status": self.status.as_str(),
        });
        let mut members = with_nulls(view, NULL_FIELDS);
        self.texts.write(&mut members);
        Value::Object(members)
    }

    fn next_action(&self, base: &str) -> Option<Value> {
        (self.status == Status::RequiresAction).then(|| {
            let url = format!("{base}/sim/3ds/{}", self.id);
            json!({ "type": "redirect_to_url", "redirect_to_url": { "return_url": self.return_url, "url": url } })
        })
    }

    fn error_view(&self, error: &PaymentError) -> Value {
        let charge = error.charge.map(|position| self.item(Kind::Charge, position));
        ApiError::card(error.failure)
            .about_charge(charge.as_deref())
            .about_payment_method(error.method.view(self.created))
            .to_value()
    }

    /// Stripe's JSON of the balance transaction at this position, as of `now`.
    pub(crate) fn transaction_view(&self, position: u32, now: Time) -> Value {
        let Some(transaction) = self.transactions.get(position as usize) else { return Value::Null };
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
            "id": self.item(Kind::Transaction, position),
            "object": "balance_transaction",
            "amount": transaction.amount,
            "available_on": unix_seconds(transaction.available_on),
            "balance_type": "payments",
            "created": unix_seconds(transaction.created),
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
