//! Charges: what a bank said to one try to pay, kept in the `PaymentIntent` that tried.

mod update;
mod view;

use std::collections::BTreeMap;

use common::Time;
use serde::{Deserialize, Serialize};

pub(crate) use update::ChargeUpdate;

use crate::card::{Failure, PaymentMethod};

/// How far a charge has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChargeState {
    /// The bank said no.
    Failed(Failure),
    /// The money is reserved.
    Authorized,
    /// The reservation was given free.
    Released,
    /// The reservation ended by itself.
    Expired,
    /// The money, or a part of it, was taken; the rest was given free.
    Captured { amount: i64, at: Time },
}

/// One try to charge a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) created: Time,
    pub(crate) amount: i64,
    pub(crate) state: ChargeState,
    pub(crate) method: PaymentMethod,
    /// Whether the buyer said yes to the bank before.
    pub(crate) authenticated: bool,
    pub(crate) description: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Charge {
    /// What was taken.
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
