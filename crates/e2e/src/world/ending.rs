//! What must be so at the end of every test.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use common::Money;
use serde_json::{Value, json};
use stripe_sim::IntentSummary;

use super::World;
use crate::audit::{Audit, audit};
use crate::{Person, ledger};

impl World {
    /// What stands at the end of every test: nothing on its way, no dead letter, no money held or taken without a
    /// ticket, no ticket sold without money, and books that explain what the card processor has, to the cent.
    ///
    /// # Panics
    /// Something of that is not so.
    pub async fn ends_well(&self) -> Audit {
        self.settle().await;
        let (audit, faults) = self.faults().await;
        assert!(faults.is_empty(), "\n{}", faults.join("\n"));
        audit
    }

    /// Everything that is wrong, in words. A test that asks for it has checked how its world ends.
    ///
    /// # Panics
    /// The marketplace, a database or the simulator does not answer.
    pub async fn faults(&self) -> (Audit, Vec<String>) {
        self.checked.store(true, Ordering::SeqCst);
        let mut faults = self.dead_letters().await;
        let people = self.people.lock().clone();
        let audit = audit(&self.place, &people).await;
        faults.extend(audit.breaches.iter().cloned());
        faults.extend(tickets_against_orders(&audit.orders, &people).await);
        if audit.authorized > 0 {
            faults.push(format!("money is held for nobody by {} PaymentIntents", audit.authorized));
        }
        let intents = self.stripe().payment_intents().await.expect("the simulator's database");
        faults.extend(ledger::faults(self.payments(), self.stripe(), &intents).await);
        faults.extend(orders_against_stripe(&audit.orders, &intents));
        (audit, faults)
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

/// What went back of an order's money, as its buyer is told and as the card processor says.
fn orders_against_stripe(orders: &[Value], intents: &[IntentSummary]) -> Vec<String> {
    let mut went_back: HashMap<&str, Money> = HashMap::new();
    for intent in intents.iter().filter(|intent| intent.amount_refunded.amount > 0) {
        let order = intent.metadata.get("order").map(String::as_str).unwrap_or_default();
        let none = Money { amount: 0, ..intent.amount_refunded };
        went_back.entry(order).or_insert(none).amount += intent.amount_refunded.amount;
    }
    let differs = |order: &&Value| {
        let id = order["id"].as_str().unwrap_or_default();
        order["refunded"] != went_back.get(id).map_or(Value::Null, |money| json!(money))
    };
    let words = |order: &Value| {
        let id = order["id"].as_str().unwrap_or_default();
        let told = &order["refunded"];
        format!("order {id} says that {told} went back, and Stripe that {:?} did", went_back.get(id))
    };
    orders.iter().filter(differs).map(words).collect()
}

/// Tickets that are sold or locked for no order, or neither although there is one.
async fn tickets_against_orders(orders: &[Value], people: &[Person]) -> Vec<String> {
    let mut standing: HashMap<&str, &str> = HashMap::new();
    for order in orders.iter().filter(|order| order["status"] != "cancelled") {
        let id = order["ticket"]["id"].as_str().unwrap_or_default();
        standing.insert(id, order["status"].as_str().unwrap_or_default());
    }
    let mut faults = Vec::new();
    for person in people {
        for ticket in person.all("/api/tickets/mine?role=selling").await {
            let (id, status) =
                (ticket["id"].as_str().unwrap_or_default(), ticket["status"].as_str().unwrap_or_default());
            let order = standing.get(id).copied();
            let fits = match status {
                "sold" => order == Some("complete"),
                "reserved" => order.is_some_and(|status| status != "complete"),
                _ => order.is_none(),
            };
            if !fits {
                let order = order.unwrap_or("cancelled, if there ever was one");
                faults.push(format!("ticket {id} is {status}, and its order is {order}"));
            }
        }
    }
    faults
}
