//! The `PaymentIntent` as Stripe writes it (<https://docs.stripe.com/api/payment_intents/object>).

use common::Time;
use serde_json::{Value, json};

use super::{PaymentError, PaymentIntent, Status};
use crate::error::ApiError;

/// What a browser, which holds no more than the client secret, is shown.
const FOR_BROWSERS: &[&str] = &[
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

/// The part of a view that a publishable key shows.
pub(crate) fn for_browser(mut view: Value) -> Value {
    if let Value::Object(members) = &mut view {
        members.retain(|name, _| FOR_BROWSERS.contains(&name.as_str()));
    }
    view
}

/// Whole seconds since 1970, as Stripe counts time.
pub(crate) fn seconds(time: Time) -> i64 {
    time.as_millis().div_euclid(1000)
}

impl PaymentIntent {
    /// The whole object; `base` begins the addresses in it.
    pub(crate) fn view(&self, base: &str) -> Value {
        json!({
            "id": self.id.to_string(),
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": self.amount_capturable(),
            "amount_details": { "tip": {} },
            "amount_received": self.amount_received,
            "application": null,
            "application_fee_amount": null,
            "automatic_payment_methods": self.automatic_payment_methods
                .then(|| json!({ "allow_redirects": "always", "enabled": true })),
            "canceled_at": self.canceled_at.map(seconds),
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret,
            "confirmation_method": "automatic",
            "created": seconds(self.created),
            "currency": self.currency.code().to_lowercase(),
            "customer": null,
            "description": self.description,
            "last_payment_error": self.last_payment_error.as_ref().map(error_view),
            "latest_charge": self.latest_charge,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": self.next_action(base),
            "on_behalf_of": null,
            "payment_method": self.payment_method.as_ref().map(|method| &method.id),
            "payment_method_options": {
                "card": { "installments": null, "mandate_options": null, "network": null, "request_three_d_secure": "automatic" },
            },
            "payment_method_types": self.payment_method_types,
            "processing": null,
            "receipt_email": null,
            "review": null,
            "setup_future_usage": null,
            "shipping": null,
            "source": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": self.status.as_str(),
            "transfer_data": null,
            "transfer_group": null,
        })
    }

    fn next_action(&self, base: &str) -> Option<Value> {
        (self.status == Status::RequiresAction).then(|| {
            let url = format!("{base}/sim/3ds/{}", self.id);
            json!({ "type": "redirect_to_url", "redirect_to_url": { "return_url": self.return_url, "url": url } })
        })
    }
}

fn error_view(error: &PaymentError) -> Value {
    ApiError::card(error.failure).about_charge(error.charge.as_deref()).to_value()
}
