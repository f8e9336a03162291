//! Adding the movements up.

use std::collections::BTreeMap;

use common::{Currency, Money, Time};
use serde_json::{Value, json};

use crate::intent::PaymentIntent;

/// What Stripe holds, by currency.
#[derive(Debug, Default)]
pub(crate) struct Sums(BTreeMap<Currency, Sum>);

#[derive(Debug, Default)]
struct Sum {
    available: i64,
    pending: i64,
}

impl Sums {
    /// Adds what a payment moved.
    pub(crate) fn add(&mut self, intent: &PaymentIntent, now: Time) {
        for transaction in &intent.transactions {
            let sum = self.0.entry(intent.currency).or_default();
            let part = if transaction.available_on <= now { &mut sum.available } else { &mut sum.pending };
            *part += transaction.net();
        }
    }

    /// Available and pending together.
    pub(crate) fn total(&self, currency: Currency) -> i64 {
        self.0.get(&currency).map_or(0, |sum| sum.available + sum.pending)
    }

    /// In words, a line for each currency.
    pub(crate) fn lines(&self) -> Vec<String> {
        let money = |amount, currency| Money { amount, currency };
        let line = |(currency, sum): (&Currency, &Sum)| {
            let (available, pending) = (money(sum.available, *currency), money(sum.pending, *currency));
            format!("{available} available, {pending} pending")
        };
        self.0.iter().map(line).collect()
    }

    /// The balance as Stripe writes it (<https://docs.stripe.com/api/balance/balance_object>).
    pub(crate) fn view(&self) -> Value {
        let part = |part: fn(&Sum) -> i64| -> Vec<Value> {
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
