//! Charges: the bank's answers to attempts to pay.

use std::collections::BTreeMap;

use common::Time;
use serde::{Deserialize, Serialize};

use crate::card::PaymentMethod;
use crate::error::ApiError;
use crate::failure::Failure;
use crate::metadata::MetadataChange;
use crate::param::Params;

/// The state of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChargeState {
    /// The bank declined.
    Failed(Failure),
    /// The money is authorized.
    Authorized,
    /// The authorization was voided.
    Released,
    /// The authorization expired.
    Expired,
    /// All or part of the money was captured; the rest was released.
    Captured { amount: i64, at: Time },
}

/// One attempt to charge a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) created: Time,
    pub(crate) amount: i64,
    pub(crate) state: ChargeState,
    pub(crate) method: PaymentMethod,
    /// Whether 3-D Secure succeeded before.
    pub(crate) authenticated: bool,
    pub(crate) description: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Charge {
    /// The captured amount.
    pub(crate) const fn amount_captured(&self) -> i64 {
        match self.state {
            ChargeState::Captured { amount, .. } => amount,
            _ => 0,
        }
    }

    pub(crate) const fn failure(&self) -> Option<Failure> {
        match self.state {
            ChargeState::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}

const UPDATE_PARAMS: &[&str] = &["description", "expand", "metadata"];

/// The checked parameters of an update.
#[derive(Debug, Clone)]
pub(crate) struct ChargeUpdate {
    pub(crate) description: Option<String>,
    pub(crate) metadata: MetadataChange,
}

impl ChargeUpdate {
    /// Checks the parameters.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.reject_unknown(UPDATE_PARAMS)?;
        let description = params.given("description").map(str::to_owned);
        Ok(Self { description, metadata: MetadataChange::read(params)? })
    }
}
