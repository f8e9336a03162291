//! Charges of a payment: their update and Stripe's JSON (<https://docs.stripe.com/api/charges/object>).

use serde_json::{Value, json};

use super::{PaymentIntent, Subject, Transition};
use crate::balance::Reason;
use crate::charge::{Charge, ChargeState, ChargeUpdate};
use crate::error::ApiError;
use crate::event::EventType;
use crate::failure::Failure;
use crate::format::{unix_seconds, with_nulls};
use crate::id::Kind;

/// Members that are always null in the simulator.
const NULL_FIELDS: &[&str] = &[
    "application",
    "application_fee",
    "application_fee_amount",
    "customer",
    "failure_balance_transaction",
    "on_behalf_of",
    "presentment_details",
    "receipt_number",
    "receipt_url",
    "review",
    "shipping",
    "source",
    "source_transfer",
    "transfer_data",
];

impl PaymentIntent {
    /// Changes the charge at this position, if there is one.
    pub(crate) fn update_charge(
        &self,
        position: u32,
        requested: &ChargeUpdate,
    ) -> Result<Option<Transition>, ApiError> {
        let mut next = self.clone();
        let Some(charge) = next.charges.get_mut(position as usize) else { return Ok(None) };
        let description = requested.description.clone().or_else(|| charge.description.clone());
        *charge = Charge {
            description: description.filter(|text| !text.is_empty()),
            metadata: requested.metadata.apply(std::mem::take(&mut charge.metadata))?,
            ..charge.clone()
        };
        let subject = Subject::Charge(position);
        Ok(Some(Transition::of(next).with_event(EventType::ChargeUpdated, subject).returning(subject)))
    }

    /// Stripe's JSON of the charge at this position.
    pub(crate) fn charge_view(&self, position: u32) -> Value {
        let Some(charge) = self.charges.get(position as usize) else { return Value::Null };
        let refunded = if charge.amount_captured() > 0 { self.amount_refunded() } else { 0 };
        let transaction = self.transaction_of(Reason::Charge { charge: position });
        let view = json!({
            "id": self.item(Kind::Charge, position),
            "object": "charge",
            "amount": charge.amount,
            "amount_captured": charge.amount_captured(),
            "amount_refunded": refunded,
            "balance_transaction": transaction.map(|position| self.item(Kind::Transaction, position)),
            "billing_details": {
                "address": { "city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null },
                "email": null, "name": null, "phone": null, "tax_id": null,
            },
            "calculated_statement_descriptor": "STRIPE-SIM",
            "captured": matches!(charge.state, ChargeState::Captured { .. }),
            "created": unix_seconds(charge.created),
            "currency": self.currency_code(),
            "description": charge.description,
            "disputed": self.disputes.iter().any(|dispute| dispute.charge == position),
            "failure_code": charge.failure().map(Failure::code),
            "failure_message": charge.failure().map(Failure::message),
            "fraud_details": {},
            "livemode": false,
            "metadata": charge.metadata,
            "outcome": outcome(charge),
            "paid": charge.failure().is_none(),
            "payment_intent": self.id.to_string(),
            "payment_method": charge.method.id,
            "payment_method_details": { "card": card(charge), "type": "card" },
            "radar_options": {},
            "refunded": refunded > 0 && refunded == charge.amount_captured(),
            "status": if charge.failure().is_some() { "failed" } else { "succeeded" },
        });
        let mut members = with_nulls(view, NULL_FIELDS);
        members.insert("receipt_email".to_owned(), json!(self.texts.receipt_email));
        members.insert("statement_descriptor".to_owned(), json!(self.texts.statement_descriptor));
        let suffix = json!(self.texts.statement_descriptor_suffix);
        members.insert("statement_descriptor_suffix".to_owned(), suffix);
        members.insert("transfer_group".to_owned(), json!(self.texts.transfer_group));
        Value::Object(members)
    }

    /// The expanded `refunds` of a charge, newest first.
    pub(crate) fn refunds_view(&self, position: u32) -> Value {
        let refunds = self.refunds.iter().enumerate().rev();
        let data: Vec<Value> =
            refunds.map(|(refund, _)| self.refund_view(crate::id::position(refund))).collect();
        let url = format!("/v1/charges/{}/refunds", self.item(Kind::Charge, position));
        json!({ "object": "list", "data": data, "has_more": false, "total_count": data.len(), "url": url })
    }
}

fn outcome(charge: &Charge) -> Value {
    match charge.failure() {
        None => json!({
            "advice_code": null,
            "network_advice_code": null,
            "network_decline_code": null,
            "network_status": "approved_by_network",
            "reason": null,
            "risk_level": "normal",
            "risk_score": 20,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }),
        Some(failure) => json!({
            "advice_code": failure.advice_code(),
            "network_advice_code": null,
            "network_decline_code": null,
            "network_status": "declined_by_network",
            "reason": failure.decline_code().unwrap_or_else(|| failure.code()),
            "risk_level": "normal",
            "risk_score": 20,
            "seller_message": "The bank declined the payment.",
            "type": "issuer_declined",
        }),
    }
}

fn card(charge: &Charge) -> Value {
    let method = &charge.method;
    let authorization = match charge.state {
        ChargeState::Failed(_) => Value::Null,
        _ => json!(format!("{:06}", charge.created.as_millis().rem_euclid(1_000_000))),
    };
    let secure = charge.authenticated.then(|| {
        json!({
            "authentication_flow": "challenge",
            "electronic_commerce_indicator": "05",
            "exemption_indicator": null,
            "result": "authenticated",
            "result_reason": null,
            "transaction_id": null,
            "version": "2.2.0",
        })
    });
    json!({
        "amount_authorized": charge.failure().is_none().then_some(charge.amount),
        "authorization_code": authorization,
        "brand": method.brand,
        "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
        "country": "US",
        "exp_month": method.exp_month,
        "exp_year": method.exp_year,
        "extended_authorization": { "status": "disabled" },
        "fingerprint": method.fingerprint(),
        "funding": "credit",
        "incremental_authorization": { "status": "unavailable" },
        "installments": null,
        "last4": method.last4,
        "mandate": null,
        "multicapture": { "status": "unavailable" },
        "network": method.brand,
        "network_token": { "used": false },
        "network_transaction_id": null,
        "overcapture": { "maximum_amount_capturable": charge.amount, "status": "unavailable" },
        "regulated_status": "unregulated",
        "three_d_secure": secure,
        "wallet": null,
    })
}
