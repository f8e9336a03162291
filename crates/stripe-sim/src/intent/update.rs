//! Changing what is attached to a `PaymentIntent`, and its amount while nothing is reserved.

use common::Currency;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::create::{amount, currency};
use super::{PaymentIntent, Refusal, Step};
use crate::card::PaymentMethod;
use crate::error::ApiError;
use crate::metadata::MetadataChange;
use crate::param::Params;

const KNOWN: &[&str] = &[
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

/// Texts for people and for the merchant's own books.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Texts {
    pub(crate) description: Option<String>,
    pub(crate) receipt_email: Option<String>,
    pub(crate) statement_descriptor: Option<String>,
    pub(crate) statement_descriptor_suffix: Option<String>,
    pub(crate) transfer_group: Option<String>,
}

/// A card statement has no room for more.
const LONGEST_DESCRIPTOR: usize = 22;

impl Texts {
    /// The texts among the parameters over those of before; an empty one removes.
    pub(crate) fn read(mut self, params: &Params) -> Result<Self, ApiError> {
        for (name, text) in [
            ("description", &mut self.description),
            ("receipt_email", &mut self.receipt_email),
            ("statement_descriptor", &mut self.statement_descriptor),
            ("statement_descriptor_suffix", &mut self.statement_descriptor_suffix),
            ("transfer_group", &mut self.transfer_group),
        ] {
            let Some(given) = params.given(name) else { continue };
            if name.starts_with("statement") && given.chars().count() > LONGEST_DESCRIPTOR {
                let message = format!("The {name} must be at most {LONGEST_DESCRIPTOR} characters.");
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

    /// As members of the object.
    pub(crate) fn write(&self, into: &mut Map<String, Value>) {
        let Value::Object(members) = json!(self) else { return };
        into.extend(members);
    }
}

/// What is to be changed, checked.
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
        params.only(KNOWN)?;
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
    /// Changes it. Texts and metadata may change at any time, the rest only before money is reserved.
    pub(crate) fn update(&self, wanted: IntentUpdate) -> Result<Result<Step, Refusal>, ApiError> {
        let changes_the_payment =
            wanted.amount.is_some() || wanted.currency.is_some() || wanted.method.is_some();
        if changes_the_payment && !self.status.may_be_confirmed() {
            return Ok(Err(Refusal::UnexpectedState("update")));
        }
        let mut next = self.clone();
        next.currency = wanted.currency.unwrap_or(next.currency);
        next.amount = amount(wanted.amount.unwrap_or(next.amount), next.currency)?;
        next.texts = next.texts.read(&wanted.params)?;
        next.metadata = wanted.metadata.apply(next.metadata)?;
        if wanted.method.is_some() {
            next.payment_method = wanted.method;
            next.status = super::Status::RequiresConfirmation;
        }
        Ok(Ok(Step::of(next)))
    }
}
