//! The two promises, checked from outside: what people see, against what the card processor did.

use std::collections::HashMap;

use serde_json::Value;

use crate::{Person, Place};

/// What was found.
#[derive(Debug, Default)]
pub struct Audit {
    /// Orders that are complete.
    pub complete: usize,
    /// Orders that are cancelled.
    pub cancelled: usize,
    /// Orders that are neither.
    pub open: usize,
    /// `PaymentIntents` that hold money without having taken it.
    pub authorized: usize,
    /// Every order, as its buyer sees it.
    pub orders: Vec<Value>,
    /// Everything that breaks a promise, in words.
    pub breaches: Vec<String>,
}

impl Audit {
    /// Fails if a promise is broken.
    ///
    /// # Panics
    /// A promise is broken.
    pub fn both_promises_are_kept(&self) {
        assert!(self.breaches.is_empty(), "\n{}", self.breaches.join("\n"));
    }
}

/// Looks at every order and ticket of these people, and at every `PaymentIntent`.
///
/// # Panics
/// The marketplace or the simulator does not answer.
pub async fn audit(place: &Place, people: &[Person]) -> Audit {
    let mut audit = Audit::default();
    let intents = intents(place).await;
    let mut buyers: HashMap<String, Vec<String>> = HashMap::new();
    let mut taken: HashMap<String, usize> = HashMap::new();
    for intent in &intents {
        let order = text(&intent["metadata"]["order"]);
        match intent["status"].as_str() {
            Some("succeeded") => *taken.entry(order).or_default() += 1,
            Some("requires_capture") => audit.authorized += 1,
            _ => {}
        }
    }
    for person in people {
        for order in person.all("/api/orders").await {
            let (id, paid) = (text(&order["id"]), taken.remove(&text(&order["id"])).unwrap_or(0));
            let complete = order["status"] == "complete";
            match order["status"].as_str() {
                Some("complete") => {
                    audit.complete += 1;
                    buyers.entry(text(&order["ticket"]["id"])).or_default().push(id.clone());
                }
                Some("cancelled") => audit.cancelled += 1,
                _ => audit.open += 1,
            }
            if paid != usize::from(complete) {
                let status = &order["status"];
                audit.breaches.push(format!("order {id} is {status}, and money was taken {paid} times"));
            }
            audit.orders.push(order);
        }
    }
    audit
        .breaches
        .extend(taken.keys().map(|order| format!("money was taken for an unknown order `{order}`")));
    for (ticket, orders) in buyers {
        if orders.len() > 1 {
            audit.breaches.push(format!("ticket {ticket} was sold {} times: {orders:?}", orders.len()));
        }
        let seen = place.get(&format!("/api/tickets/{ticket}")).await;
        if seen.json["status"] != "sold" {
            audit.breaches.push(format!("ticket {ticket} was paid and is {}", seen.json["status"]));
        }
    }
    audit
}

/// How much was taken for an order, in minor units.
///
/// # Panics
/// The simulator does not answer.
pub async fn money_taken(place: &Place, order: &str) -> i64 {
    let intents = intents(place).await;
    let own = intents.iter().filter(|intent| intent["metadata"]["order"] == order);
    own.filter_map(|intent| intent["amount_received"].as_i64()).sum()
}

/// Every `PaymentIntent` of the simulator.
///
/// # Panics
/// The simulator does not answer.
pub async fn intents(place: &Place) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after =
            all.last().map(|last| format!("&starting_after={}", text(&last["id"]))).unwrap_or_default();
        let reply = place.stripe_get(&format!("/v1/payment_intents?limit=100{after}")).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        all.extend(reply.json["data"].as_array().cloned().unwrap_or_default());
        if reply.json["has_more"] != true {
            return all;
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
