//! The ledger of payments, against what the card processor holds.

use std::collections::BTreeMap;

use common::Currency;
use payments::domain::{Account, Payment};
use store::{Range, Store};
use stripe_sim::StripeSim;

/// Fails unless every entry balances and the ledger explains what Stripe holds, to the cent.
///
/// # Panics
/// It does not, or a database does not answer.
pub(crate) async fn ledger_explains_stripe(payments: &Store, stripe: &StripeSim) {
    let payments = payments.collection::<Payment>();
    let mut held = BTreeMap::<Currency, i64>::new();
    let mut after = None;
    loop {
        let page = payments.page(Range::of("created", []).after(after).limit(100)).await.expect("a page");
        for payment in page.items {
            for entry in &payment.ledger {
                let sum: i64 = entry.postings.iter().map(|posting| posting.amount).sum();
                assert_eq!(sum, 0, "an entry of payment {} does not balance: {entry:?}", payment.id);
            }
            let stripe = payment.balances().get(&Account::Stripe).copied().unwrap_or(0);
            *held.entry(payment.amount.currency).or_default() += stripe;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    for (currency, amount) in held {
        let balance = stripe.balance_total(currency).await.expect("a balance").amount;
        assert_eq!(amount, balance, "the books say that Stripe holds {amount} {currency}");
    }
}
