//! The balance: what Stripe holds, and every movement that made it so.

mod fees;
mod sum;
mod view;

use std::time::Duration;

use common::Time;
use serde::{Deserialize, Serialize};

pub use fees::Fees;
pub(crate) use sum::Sums;

use crate::intent::PaymentIntent;

/// Money from cards becomes available after two days (<https://docs.stripe.com/payouts#payout-speed>).
const PENDING_FOR: Duration = Duration::from_hours(2 * 24);

/// Why the balance moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    Charge {
        charge: u32,
    },
    Refund {
        refund: u32,
    },
    /// A refund came back from the bank.
    RefundFailure {
        refund: u32,
    },
    /// The money in dispute is withdrawn.
    Dispute {
        dispute: u32,
    },
    /// A dispute was won; the money is back.
    DisputeReversal {
        dispute: u32,
    },
}

/// A movement of the balance, kept in the `PaymentIntent` that caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) reason: Reason,
    pub(crate) created: Time,
    /// Gross, negative when money goes away, in minor units.
    pub(crate) amount: i64,
    /// What Stripe keeps of it, or gives back of what it kept.
    pub(crate) fee: i64,
    pub(crate) available_on: Time,
}

impl Transaction {
    /// What comes in is pending for a while; what goes out is gone at once.
    pub(crate) fn new(reason: Reason, amount: i64, fee: i64, now: Time) -> Self {
        let available_on = if matches!(reason, Reason::Charge { .. }) { now.after(PENDING_FOR) } else { now };
        Self { reason, created: now, amount, fee, available_on }
    }

    pub(crate) fn available_at_once(self, at_once: bool) -> Self {
        if at_once { Self { available_on: self.created, ..self } } else { self }
    }

    /// What the balance moved by.
    pub(crate) const fn net(&self) -> i64 {
        self.amount - self.fee
    }
}

impl PaymentIntent {
    /// The place of the movement that happened for this reason.
    pub(crate) fn transaction_of(&self, reason: Reason) -> Option<u32> {
        self.transactions.iter().position(|one| one.reason == reason).map(crate::id::place)
    }
}
