//! Creation of a `PaymentIntent`.

use std::collections::BTreeMap;

use common::{Currency, Money, Time};

use super::{CaptureMethod, PaymentIntent, Status, Subject, Texts, Transition};
use crate::card::PaymentMethod;
use crate::error::ApiError;
use crate::event::EventType;
use crate::id::IntentId;
use crate::metadata::MetadataChange;
use crate::param::{Params, currency};

const CREATE_PARAMS: &[&str] = &[
    "amount",
    "automatic_payment_methods",
    "capture_method",
    "client_secret",
    "confirm",
    "currency",
    "description",
    "expand",
    "metadata",
    "payment_method",
    "payment_method_data",
    "payment_method_types",
    "receipt_email",
    "return_url",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
];

/// The checked parameters of a new `PaymentIntent`.
#[derive(Debug, Clone)]
pub(crate) struct NewIntent {
    amount: i64,
    currency: Currency,
    capture_method: CaptureMethod,
    texts: Texts,
    metadata: BTreeMap<String, String>,
    payment_method_types: Vec<String>,
    automatic_payment_methods: bool,
    return_url: Option<String>,
    /// Whether to confirm at once.
    pub(crate) confirm: bool,
}

impl NewIntent {
    /// Checks the parameters; as at Stripe, the first error is reported.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.reject_unknown(CREATE_PARAMS)?;
        let currency = currency(params.required("currency")?)?;
        params.required("amount")?;
        let amount = amount(params.int("amount")?.unwrap_or_default(), currency)?;
        let types: Vec<String> = params.list("payment_method_types").into_iter().map(str::to_owned).collect();
        let automatic = params.flag("automatic_payment_methods[enabled]")?;
        if let Some(unknown) = types.iter().find(|kind| *kind != "card") {
            let message =
                format!("The payment method type \"{unknown}\" is not one that is accepted here: take card.");
            return Err(ApiError::invalid(message).about_parameter("payment_method_types"));
        }
        if automatic == Some(true) && !types.is_empty() {
            let message = "Give either automatic_payment_methods or payment_method_types, not both.";
            return Err(ApiError::invalid(message).about_parameter("payment_method_types"));
        }
        Ok(Self {
            amount,
            currency,
            capture_method: capture_method(params.text("capture_method"))?,
            texts: Texts::default().read(params)?,
            metadata: MetadataChange::read(params)?.apply(BTreeMap::new())?,
            automatic_payment_methods: automatic.unwrap_or(types.is_empty()),
            payment_method_types: vec!["card".to_owned()],
            return_url: params.url("return_url")?,
            confirm: params.flag("confirm")?.unwrap_or(false),
        })
    }

    /// The new `PaymentIntent`; `secret` ends its client secret.
    pub(crate) fn create(
        self,
        id: IntentId,
        secret: &str,
        method: Option<PaymentMethod>,
        now: Time,
    ) -> Transition {
        let intent = PaymentIntent {
            id,
            client_secret: format!("{id}_secret_{secret}"),
            amount: self.amount,
            currency: self.currency,
            capture_method: self.capture_method,
            texts: self.texts,
            metadata: self.metadata,
            payment_method_types: self.payment_method_types,
            automatic_payment_methods: self.automatic_payment_methods,
            created: now,
            status: if method.is_some() {
                Status::RequiresConfirmation
            } else {
                Status::RequiresPaymentMethod
            },
            payment_method: method,
            return_url: self.return_url,
            last_payment_error: None,
            amount_received: 0,
            canceled_at: None,
            cancellation_reason: None,
            charges: Vec::new(),
            refunds: Vec::new(),
            disputes: Vec::new(),
            transactions: Vec::new(),
        };
        Transition::of(intent).with_event(EventType::Created, Subject::Intent)
    }
}

pub(super) fn amount(amount: i64, currency: Currency) -> Result<i64, ApiError> {
    if amount < 1 {
        let message = "This value must be greater than or equal to 1.";
        Err(ApiError::parameter("parameter_invalid_integer", "amount", message))
    } else if amount < currency.min_price() {
        let message =
            format!("The amount must be at least {}.", Money { amount: currency.min_price(), currency });
        Err(ApiError::parameter("amount_too_small", "amount", message))
    } else if amount > Money::MAX {
        let message = format!("The amount must be at most {}.", Money { amount: Money::MAX, currency });
        Err(ApiError::parameter("amount_too_large", "amount", message))
    } else {
        Ok(amount)
    }
}

fn capture_method(text: Option<&str>) -> Result<CaptureMethod, ApiError> {
    match text {
        None | Some("automatic_async") => Ok(CaptureMethod::AutomaticAsync),
        Some("automatic") => Ok(CaptureMethod::Automatic),
        Some("manual") => Ok(CaptureMethod::Manual),
        Some(_) => {
            let message = "Invalid capture_method: must be one of automatic, automatic_async, or manual";
            Err(ApiError::invalid(message).about_parameter("capture_method"))
        }
    }
}
