//! Refunds, and the parameters that create and update them.

use std::collections::BTreeMap;

use common::Time;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::id::{IntentId, ItemId, Kind};
use crate::metadata::MetadataChange;
use crate::param::Params;

/// The state of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundStatus {
    Pending,
    Succeeded,
    /// The bank returned the money.
    Failed,
}

/// A refund, stored in its `PaymentIntent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) charge: u32,
    pub(crate) amount: i64,
    pub(crate) reason: Option<RefundReason>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) created: Time,
    pub(crate) status: RefundStatus,
    /// The time and status of the settlement to come.
    pub(crate) settles: Option<(Time, RefundStatus)>,
}

/// The caller's reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundReason {
    Duplicate,
    Fraudulent,
    RequestedByCustomer,
}

impl RefundReason {
    fn parse(text: &str) -> Result<Self, ApiError> {
        match text {
            "duplicate" => Ok(Self::Duplicate),
            "fraudulent" => Ok(Self::Fraudulent),
            "requested_by_customer" => Ok(Self::RequestedByCustomer),
            _ => {
                let message =
                    "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer";
                Err(ApiError::invalid(message).about_parameter("reason"))
            }
        }
    }
}

const CREATE_PARAMS: &[&str] =
    &["amount", "charge", "currency", "expand", "instructions_email", "metadata", "payment_intent", "reason"];

/// The checked parameters of a refund.
#[derive(Debug, Clone)]
pub(crate) struct NewRefund {
    /// The refunded payment.
    pub(crate) intent: IntentId,
    /// The charge, if the caller named one.
    pub(crate) charge: Option<ItemId>,
    /// `None`: the remaining amount.
    pub(crate) amount: Option<i64>,
    pub(crate) reason: Option<RefundReason>,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl NewRefund {
    /// Checks the parameters; as at Stripe, the first error is reported.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.reject_unknown(CREATE_PARAMS)?;
        let charge = params.text("charge").map(|id| ItemId::in_parameter(Kind::Charge, "charge", id));
        let charge = charge.transpose()?;
        let named = match params.text("payment_intent") {
            Some(id) => Some(ItemId::in_parameter(Kind::PaymentIntent, "payment_intent", id)?),
            None => charge,
        };
        let Some(named) = named else {
            let message = "One of the following params should be provided for this request: \
                           payment_intent or charge.";
            return Err(ApiError::parameter("parameter_missing", "payment_intent", message));
        };
        if charge.is_some_and(|charge| charge.owner != named.owner) {
            let message = "The charge is not one of this PaymentIntent; give only one of the two.";
            return Err(ApiError::invalid(message).about_parameter("charge"));
        }
        let amount = params.int("amount")?;
        if amount.is_some_and(|amount| amount < 1) {
            let message = "Invalid positive integer: at least 1 must be refunded.";
            return Err(ApiError::parameter("parameter_invalid_integer", "amount", message));
        }
        let reason = params.text("reason").map(RefundReason::parse).transpose()?;
        let metadata = MetadataChange::read(params)?.apply(BTreeMap::new())?;
        Ok(Self { intent: named.owner, charge, amount, reason, metadata })
    }

    /// 404 for the object that the caller named.
    pub(crate) fn missing(&self) -> ApiError {
        match self.charge {
            Some(charge) => ApiError::no_such("charge", "charge", &charge.to_string()),
            None => ApiError::no_such("payment_intent", "payment_intent", &self.intent.to_string()),
        }
    }
}

/// The checked parameters of an update.
#[derive(Debug, Clone)]
pub(crate) struct RefundUpdate(pub(crate) MetadataChange);

impl RefundUpdate {
    /// Checks the parameters.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.reject_unknown(&["expand", "metadata"])?;
        MetadataChange::read(params).map(Self)
    }
}
