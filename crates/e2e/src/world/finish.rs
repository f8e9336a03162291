//! The invariants at the end of every test of a world.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;

use common::event::PaymentStatus;
use common::{Currency, Money};
use payments::domain::{Account, Payment};
use serde_json::{Value, json};
use store::{Range, Store};
use stripe_sim::{IntentSummary, StripeSim};

use super::World;
use crate::Person;
use crate::audit::{Audit, audit};

impl World {
    /// Ends the test: settles and asserts every invariant. No work is left and no dead letter, no money is authorized
    /// or captured without a ticket, no ticket is sold without money, and the ledger explains what the card processor
    /// holds, to the cent.
    ///
    /// # Panics
    /// An invariant is violated.
    pub async fn finish(&self) -> Audit {
        self.settle().await;
        let (audit, violations) = self.violations().await;
        assert!(violations.is_empty(), "\n{}", violations.join("\n"));
        audit
    }

    /// Every violation of an invariant, in words. A test that reads them needs no [`World::finish`].
    ///
    /// # Panics
    /// The marketplace, a database or the simulator does not answer.
    pub async fn violations(&self) -> (Audit, Vec<String>) {
        self.checked.store(true, Ordering::SeqCst);
        let mut violations = self.dead_letters().await;
        let people = self.people.lock().clone();
        let audit = audit(&self.endpoints, &people).await;
        violations.extend(audit.violations.iter().cloned());
        violations.extend(tickets_against_orders(&audit.orders, &people).await);
        if audit.authorized > 0 {
            violations.push(format!("{} PaymentIntents are authorized for no open order", audit.authorized));
        }
        let intents = self.stripe().payment_intents().await.expect("the simulator's database");
        violations.extend(ledger(self.payments(), self.stripe(), &intents).await);
        violations.extend(orders_against_stripe(&audit.orders, &intents));
        (audit, violations)
    }

    /// Requests a replay of every dead letter, as an operator does once its cause is gone.
    ///
    /// # Panics
    /// A database does not answer.
    pub async fn replay_dead_letters(&self) {
        for (_, store) in &self.marketplace.stores {
            for letter in bus::DeadLetter::list(store).await.expect("the database answers") {
                bus::DeadLetter::request_replay(store, letter.id).await.expect("the database answers");
            }
        }
    }

    async fn dead_letters(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (service, store) in &self.marketplace.stores {
            let letters = bus::DeadLetter::list(store).await.expect("the database answers");
            found.extend(
                letters.iter().map(|letter| format!("a dead letter of {service}: {}", letter.reason)),
            );
        }
        found
    }
}

/// The refunds of each order, as its buyer sees them and as the card processor has them.
fn orders_against_stripe(orders: &[Value], intents: &[IntentSummary]) -> Vec<String> {
    let mut refunds: HashMap<&str, Money> = HashMap::new();
    for intent in intents.iter().filter(|intent| intent.amount_refunded.amount > 0) {
        let order = intent.metadata.get("order").map(String::as_str).unwrap_or_default();
        let none = Money { amount: 0, ..intent.amount_refunded };
        refunds.entry(order).or_insert(none).amount += intent.amount_refunded.amount;
    }
    let differs = |order: &&Value| {
        let id = order["id"].as_str().unwrap_or_default();
        order["refunded"] != refunds.get(id).map_or(Value::Null, |money| json!(money))
    };
    let words = |order: &Value| {
        let id = order["id"].as_str().unwrap_or_default();
        let shown = &order["refunded"];
        format!("order {id} shows a refund of {shown}, and Stripe has {:?}", refunds.get(id))
    };
    orders.iter().filter(differs).map(words).collect()
}

/// Tickets that are sold or reserved without such an order, or available although there is one.
async fn tickets_against_orders(orders: &[Value], people: &[Person]) -> Vec<String> {
    let mut orders_by_ticket: HashMap<&str, &str> = HashMap::new();
    for order in orders.iter().filter(|order| order["status"] != "cancelled") {
        let id = order["ticket"]["id"].as_str().unwrap_or_default();
        orders_by_ticket.insert(id, order["status"].as_str().unwrap_or_default());
    }
    let mut violations = Vec::new();
    for person in people {
        for ticket in person.all("/api/tickets/mine?role=selling").await {
            let (id, status) =
                (ticket["id"].as_str().unwrap_or_default(), ticket["status"].as_str().unwrap_or_default());
            let order = orders_by_ticket.get(id).copied();
            let fits = match status {
                "sold" => order == Some("complete"),
                "reserved" => order.is_some_and(|status| status != "complete"),
                _ => order.is_none(),
            };
            if !fits {
                let order = order.unwrap_or("cancelled or missing");
                violations.push(format!("ticket {id} is {status}, and its order is {order}"));
            }
        }
    }
    violations
}

/// The ledger of payments: unbalanced entries, and differences from what Stripe holds.
async fn ledger(store: &Store, stripe: &StripeSim, intents: &[IntentSummary]) -> Vec<String> {
    let payments = all_payments(store).await;
    let mut violations = second_intents(intents);
    let by_id: HashMap<&str, &IntentSummary> =
        intents.iter().map(|intent| (intent.id.as_str(), intent)).collect();
    let mut held: BTreeMap<Currency, i64> = intents.iter().map(|intent| (intent.held.currency, 0)).collect();
    for payment in &payments {
        *held.entry(payment.amount.currency).or_default() += at_stripe(payment);
        let intent = payment.intent.as_ref().and_then(|intent| by_id.get(intent.id.as_str()));
        violations.extend(ledger_of(payment, intent.copied()));
    }
    for (currency, amount) in held {
        let balance = stripe.balance_total(currency).await.expect("a balance").amount;
        if amount != balance {
            violations.push(format!(
                "by the ledger Stripe holds {amount} {currency}, and its balance is {balance}"
            ));
        }
    }
    violations
}

async fn all_payments(store: &Store) -> Vec<Payment> {
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

/// **Invariant:** a payment has one `PaymentIntent`: every call that creates it has the payment's idempotency key.
fn second_intents(intents: &[IntentSummary]) -> Vec<String> {
    let mut created = BTreeMap::<&str, usize>::new();
    for payment in intents.iter().filter_map(|intent| intent.metadata.get("payment")) {
        *created.entry(payment).or_default() += 1;
    }
    let several = created.into_iter().filter(|(_, times)| *times > 1);
    several.map(|(id, times)| format!("payment {id} was created at Stripe {times} times")).collect()
}

/// A payment's ledger, by itself and against its `PaymentIntent`.
fn ledger_of(payment: &Payment, intent: Option<&IntentSummary>) -> Vec<String> {
    let (id, status) = (payment.id, payment.status);
    let mut violations = Vec::new();
    for entry in &payment.ledger {
        if entry.postings.iter().map(|posting| posting.amount).sum::<i64>() != 0 {
            violations.push(format!("an entry of payment {id} does not balance: {entry:?}"));
        }
    }
    if payment.balances() != payment.position() {
        violations.push(format!("the ledger of payment {id} differs from its state: {payment:?}"));
    }
    let (booked, holds) = (at_stripe(payment), intent.map_or(0, |intent| intent.held.amount));
    if booked != holds {
        violations.push(format!(
            "by the ledger of payment {id} Stripe holds {booked}, and its intent holds {holds}"
        ));
    }
    // A payment that waits for its buyer or order is polled now and then; a step must have been performed.
    let is_step =
        matches!(status, PaymentStatus::Capturing | PaymentStatus::Voiding | PaymentStatus::Refunding);
    if is_step && payment.schedule.due.is_some() {
        violations.push(format!(
            "payment {id} is {status:?} with a step due: {:?}, {:?}",
            payment.schedule, payment.totals
        ));
    }
    violations
}

fn at_stripe(payment: &Payment) -> i64 {
    payment.balances().get(&Account::Stripe).copied().unwrap_or(0)
}
