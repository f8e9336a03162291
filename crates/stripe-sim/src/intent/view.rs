//! The `PaymentIntent` as Stripe writes it (<https://docs.stripe.com/api/payment_intents/object>).

use common::Time;
use serde_json::{Map, Value, json};

use super::{PaymentError, PaymentIntent, Status, Subject};
use crate::error::ApiError;
use crate::id::{ItemId, Kind};

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

/// The members that nothing in the simulator ever fills.
const NULLS: &[&str] = &[
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

/// These members, with those that are always null.
pub(crate) fn with_nulls(view: Value, nulls: &[&str]) -> Map<String, Value> {
    let Value::Object(mut members) = view else { return Map::new() };
    members.extend(nulls.iter().map(|name| ((*name).to_owned(), Value::Null)));
    members
}

impl PaymentIntent {
    /// One of its objects; null if there is none at that place. `base` begins the addresses in it.
    pub(crate) fn show(&self, subject: Subject, base: &str) -> Value {
        match subject {
            Subject::Intent => self.view(base),
            Subject::Charge(place) => self.charge_view(place),
            Subject::Refund(place) => self.refund_view(place),
            Subject::Dispute(place) => self.dispute_view(place),
        }
    }

    /// The id of one of its objects.
    pub(crate) fn item(&self, kind: Kind, place: u32) -> String {
        ItemId::new(kind, self.id, place).to_string()
    }

    /// As Stripe writes it in objects.
    pub(crate) fn currency_code(&self) -> String {
        self.currency.code().to_lowercase()
    }

    /// The whole object; `base` begins the addresses in it.
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
            "canceled_at": self.canceled_at.map(seconds),
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret,
            "confirmation_method": "automatic",
            "created": seconds(self.created),
            "currency": self.currency_code(),
            "last_payment_error": self.last_payment_error.as_ref().map(|error| self.error_view(error)),
            "latest_charge": self.latest_charge().map(|place| self.item(Kind::Charge, place)),
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
        let mut members = with_nulls(view, NULLS);
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
        let charge = error.charge.map(|place| self.item(Kind::Charge, place));
        ApiError::card(error.failure)
            .about_charge(charge.as_deref())
            .about_payment_method(error.method.view(self.created))
            .to_value()
    }
}
