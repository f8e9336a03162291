//! The ledger of payments, against what the card processor holds.

use std::collections::{BTreeMap, HashMap};

use common::Currency;
use common::event::PaymentStatus;
use payments::domain::{Account, Payment};
use store::{Range, Store};
use stripe_sim::{IntentSummary, StripeSim};

/// Everything in which the books do not balance, or do not explain what Stripe has, to the cent.
///
/// # Panics
/// A database does not answer.
pub(crate) async fn faults(store: &Store, stripe: &StripeSim, intents: &[IntentSummary]) -> Vec<String> {
    let payments = all(store).await;
    let mut faults = second_intents(intents);
    let by_id: HashMap<&str, &IntentSummary> =
        intents.iter().map(|intent| (intent.id.as_str(), intent)).collect();
    let mut held = BTreeMap::<Currency, i64>::new();
    for payment in &payments {
        *held.entry(payment.amount.currency).or_default() += at_stripe(payment);
        let intent = payment.intent.as_ref().and_then(|intent| by_id.get(intent.id.as_str()));
        faults.extend(one(payment, intent.copied()));
    }
    for (currency, amount) in held {
        let balance = stripe.balance_total(currency).await.expect("a balance").amount;
        if amount != balance {
            faults
                .push(format!("the books say that Stripe holds {amount} {currency}, and it holds {balance}"));
        }
    }
    faults
}

async fn all(store: &Store) -> Vec<Payment> {
    let payments = store.collection::<Payment>();
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = payments.page(Range::of("created", []).after(after).limit(100)).await.expect("a page");
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

/// A payment is one `PaymentIntent`: every call that creates one is made under the payment's own idempotency key.
fn second_intents(intents: &[IntentSummary]) -> Vec<String> {
    let mut created = BTreeMap::<&str, usize>::new();
    for payment in intents.iter().filter_map(|intent| intent.metadata.get("payment")) {
        *created.entry(payment).or_default() += 1;
    }
    let several = created.into_iter().filter(|(_, times)| *times > 1);
    several.map(|(id, times)| format!("payment {id} was created at Stripe {times} times")).collect()
}

/// A payment's books, in themselves and beside its `PaymentIntent`.
fn one(payment: &Payment, intent: Option<&IntentSummary>) -> Vec<String> {
    let (id, status) = (payment.id, payment.status);
    let mut faults = Vec::new();
    for entry in &payment.ledger {
        if entry.postings.iter().map(|posting| posting.amount).sum::<i64>() != 0 {
            faults.push(format!("an entry of payment {id} does not balance: {entry:?}"));
        }
    }
    if payment.balances() != payment.position() {
        faults.push(format!("the books of payment {id} do not say what its state says: {payment:?}"));
    }
    let (booked, holds) = (at_stripe(payment), intent.map_or(0, |intent| intent.held.amount));
    if booked != holds {
        faults.push(format!("by the books of payment {id} Stripe holds {booked}, and it holds {holds}"));
    }
    // What waits for its buyer or its order is looked at now and then; an intention must have come to its end.
    let is_intention =
        matches!(status, PaymentStatus::Capturing | PaymentStatus::Voiding | PaymentStatus::Refunding);
    if is_intention && payment.schedule.due.is_some() {
        faults.push(format!(
            "payment {id} is {status:?} and still has something to do: {:?}, {:?}",
            payment.schedule, payment.totals
        ));
    }
    faults
}

fn at_stripe(payment: &Payment) -> i64 {
    payment.balances().get(&Account::Stripe).copied().unwrap_or(0)
}
