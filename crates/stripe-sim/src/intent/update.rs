//! Changes of texts and metadata, and of the amount before money is authorized.

use common::Currency;
use serde_json::{Map, Value, json};

use super::create::amount;
use super::{PaymentIntent, Refusal, Status, Texts, Transition};
use crate::card::PaymentMethod;
use crate::error::ApiError;
use crate::metadata::MetadataChange;
use crate::param::{Params, currency};

const UPDATE_PARAMS: &[&str] = &[
    "amount",
    "currency",
    "description",
    "expand",
    "metadata",
    "payment_method",
    "payment_method_data",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
];

/// Stripe's limit of a card statement.
const MAX_DESCRIPTOR_LENGTH: usize = 22;

impl Texts {
    /// The texts changed by the parameters; an empty parameter removes a text.
    pub(crate) fn read(mut self, params: &Params) -> Result<Self, ApiError> {
        for (name, text) in [
            ("description", &mut self.description),
            ("receipt_email", &mut self.receipt_email),
            ("statement_descriptor", &mut self.statement_descriptor),
            ("statement_descriptor_suffix", &mut self.statement_descriptor_suffix),
            ("transfer_group", &mut self.transfer_group),
        ] {
            let Some(given) = params.given(name) else { continue };
            if name.starts_with("statement") && given.chars().count() > MAX_DESCRIPTOR_LENGTH {
                let message = format!("The {name} must be at most {MAX_DESCRIPTOR_LENGTH} characters.");
                return Err(ApiError::invalid(message).about_parameter(name));
            }
            if name == "receipt_email" && !given.is_empty() && !given.contains('@') {
                let message = format!("Invalid email address: {given}");
                return Err(ApiError::parameter("email_invalid", name, message));
            }
            *text = Some(given.to_owned()).filter(|text| !text.is_empty());
        }
        Ok(self)
    }

    /// Adds the texts as members of the object.
    pub(crate) fn write(&self, into: &mut Map<String, Value>) {
        let Value::Object(members) = json!(self) else { return };
        into.extend(members);
    }
}

/// The checked parameters of an update.
#[derive(Clone)]
pub(crate) struct IntentUpdate {
    amount: Option<i64>,
    currency: Option<Currency>,
    params: Params,
    metadata: MetadataChange,
    method: Option<PaymentMethod>,
}

impl IntentUpdate {
    /// Checks the parameters.
    pub(crate) fn read(params: &Params, method: Option<PaymentMethod>) -> Result<Self, ApiError> {
        params.reject_unknown(UPDATE_PARAMS)?;
        Texts::default().read(params)?;
        Ok(Self {
            amount: params.int("amount")?,
            currency: params.text("currency").map(currency).transpose()?,
            metadata: MetadataChange::read(params)?,
            params: params.clone(),
            method,
        })
    }
}

impl PaymentIntent {
    /// Changes the payment: texts and metadata at any time, the rest only before an authorization.
    pub(crate) fn update(&self, requested: IntentUpdate) -> Result<Result<Transition, Refusal>, ApiError> {
        let changes_the_payment =
            requested.amount.is_some() || requested.currency.is_some() || requested.method.is_some();
        if changes_the_payment && !self.status.can_be_confirmed() {
            return Ok(Err(Refusal::UnexpectedState("update")));
        }
        let mut next = self.clone();
        next.currency = requested.currency.unwrap_or(next.currency);
        next.amount = amount(requested.amount.unwrap_or(next.amount), next.currency)?;
        next.texts = next.texts.read(&requested.params)?;
        next.metadata = requested.metadata.apply(next.metadata)?;
        if requested.method.is_some() {
            next.payment_method = requested.method;
            next.status = Status::RequiresConfirmation;
        }
        Ok(Ok(Transition::of(next)))
    }
}
