//! The balance: the transactions that move it, their fees, and their sums.

use std::collections::BTreeMap;
use std::time::Duration;

use common::{Currency, Money, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::id::Kind;

/// Stripe's fees. By default zero, so the balance equals the captured less the refunded money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fees {
    /// Share of a captured amount, in hundredths of a percent: 290 is 2.9 %.
    pub basis_points: i64,
    /// Fixed part for every capture, in minor units of its currency.
    pub fixed: i64,
    /// For every dispute, in minor units of its currency; returned when the dispute is won.
    pub dispute: i64,
}

impl Fees {
    /// The fee of a capture, rounded half up. A refund does not return the fee
    /// (<https://docs.stripe.com/refunds#refund-requests>).
    pub(crate) const fn of_charge(self, amount: i64) -> i64 {
        (amount * self.basis_points + 5_000) / 10_000 + self.fixed
    }
}

/// The delay until captured money is available (<https://docs.stripe.com/payouts#payout-speed>).
const AVAILABILITY_DELAY: Duration = Duration::from_hours(2 * 24);

/// The cause of a balance transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    Charge {
        charge: u32,
    },
    Refund {
        refund: u32,
    },
    /// The bank returned a refund.
    RefundFailure {
        refund: u32,
    },
    /// The disputed money is withdrawn.
    Dispute {
        dispute: u32,
    },
    /// A dispute was won, and its money is reinstated.
    DisputeReversal {
        dispute: u32,
    },
}

impl Reason {
    /// Stripe's `type`.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Charge { .. } => "charge",
            Self::Refund { .. } => "refund",
            Self::RefundFailure { .. } => "refund_failure",
            Self::Dispute { .. } | Self::DisputeReversal { .. } => "adjustment",
        }
    }

    pub(crate) const fn reporting_category(self) -> &'static str {
        match self {
            Self::Dispute { .. } => "dispute",
            Self::DisputeReversal { .. } => "dispute_reversal",
            _ => self.kind(),
        }
    }

    /// The object that caused the transaction.
    pub(crate) const fn source(self) -> (Kind, u32) {
        match self {
            Self::Charge { charge } => (Kind::Charge, charge),
            Self::Refund { refund } | Self::RefundFailure { refund } => (Kind::Refund, refund),
            Self::Dispute { dispute } | Self::DisputeReversal { dispute } => (Kind::Dispute, dispute),
        }
    }
}

/// A balance transaction, stored in the `PaymentIntent` that caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) reason: Reason,
    pub(crate) created: Time,
    /// Gross, in minor units; negative for outgoing money.
    pub(crate) amount: i64,
    /// Stripe's fee; negative for a returned fee.
    pub(crate) fee: i64,
    pub(crate) available_on: Time,
}

impl Transaction {
    /// Captured money is pending at first; outgoing money leaves at once.
    pub(crate) fn new(reason: Reason, amount: i64, fee: i64, now: Time) -> Self {
        let available_on =
            if matches!(reason, Reason::Charge { .. }) { now.after(AVAILABILITY_DELAY) } else { now };
        Self { reason, created: now, amount, fee, available_on }
    }

    pub(crate) fn available_at_once(self, at_once: bool) -> Self {
        if at_once { Self { available_on: self.created, ..self } } else { self }
    }

    /// The change of the balance.
    pub(crate) const fn net(&self) -> i64 {
        self.amount - self.fee
    }
}

/// Stripe's balance by currency.
#[derive(Debug, Default)]
pub(crate) struct Balance(BTreeMap<Currency, Amounts>);

#[derive(Debug, Default)]
struct Amounts {
    available: i64,
    pending: i64,
}

impl Balance {
    /// Adds the transactions of a payment.
    pub(crate) fn add(&mut self, currency: Currency, transactions: &[Transaction], now: Time) {
        for transaction in transactions {
            let sum = self.0.entry(currency).or_default();
            let part = if transaction.available_on <= now { &mut sum.available } else { &mut sum.pending };
            *part += transaction.net();
        }
    }

    /// Available and pending together.
    pub(crate) fn total(&self, currency: Currency) -> i64 {
        self.0.get(&currency).map_or(0, |sum| sum.available + sum.pending)
    }

    /// A line of text for each currency.
    pub(crate) fn lines(&self) -> Vec<String> {
        let money = |amount, currency| Money { amount, currency };
        let line = |(currency, sum): (&Currency, &Amounts)| {
            let (available, pending) = (money(sum.available, *currency), money(sum.pending, *currency));
            format!("{available} available, {pending} pending")
        };
        self.0.iter().map(line).collect()
    }

    /// Stripe's JSON (<https://docs.stripe.com/api/balance/balance_object>).
    pub(crate) fn view(&self) -> Value {
        let part = |part: fn(&Amounts) -> i64| -> Vec<Value> {
            let amounts = self.0.iter().map(|(currency, sum)| (currency.code().to_lowercase(), part(sum)));
            amounts
                .map(|(currency, amount)| {
                    json!({ "amount": amount, "currency": currency, "source_types": { "card": amount } })
                })
                .collect()
        };
        let (available, pending) = (part(|sum| sum.available), part(|sum| sum.pending));
        json!({
            "object": "balance",
            "available": available,
            "livemode": false,
            "pending": pending,
            "refund_and_dispute_prefunding": { "available": [], "pending": [] },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Fees;

    #[test]
    fn a_fee_is_a_share_and_a_fixed_part() {
        let usual = Fees { basis_points: 290, fixed: 30, dispute: 1500 };
        assert_eq!(usual.of_charge(20_00), 88);
        assert_eq!(usual.of_charge(50), 31);
        assert_eq!(Fees::default().of_charge(20_00), 0);
    }
}
