//! Refunds: money that goes back to the card, kept in the `PaymentIntent` from which it comes.

mod create;
mod settle;
mod update;
mod view;

use std::collections::BTreeMap;

use common::Time;
use serde::{Deserialize, Serialize};

pub(crate) use create::{NewRefund, RefundRefusal};
pub(crate) use update::RefundUpdate;

use crate::error::ApiError;

/// How far a refund has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundStatus {
    Pending,
    Succeeded,
    /// The bank sent the money back; it is ours again.
    Failed,
}

/// Money that went back, or was meant to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) charge: u32,
    pub(crate) amount: i64,
    pub(crate) reason: Option<RefundReason>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) created: Time,
    pub(crate) status: RefundStatus,
    /// When the bank has its last word, and which it will be.
    pub(crate) settles: Option<(Time, RefundStatus)>,
}

/// Why, in the caller's words.
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
