//! The two promises, checked from outside: the orders and tickets that users see, against the `PaymentIntent`s.

use std::collections::HashMap;

use serde_json::Value;

use crate::{Endpoints, Person};

/// The result of an audit.
#[derive(Debug, Default)]
pub struct Audit {
    /// Orders that are complete.
    pub complete: usize,
    /// Orders that are cancelled.
    pub cancelled: usize,
    /// Orders that are neither complete nor cancelled.
    pub open: usize,
    /// `PaymentIntents` that are authorized and not captured.
    pub authorized: usize,
    /// Every order as its buyer sees it.
    pub orders: Vec<Value>,
    /// Every broken promise, in words.
    pub violations: Vec<String>,
}

impl Audit {
    /// Asserts both promises.
    ///
    /// # Panics
    /// A promise is broken.
    pub fn assert_promises_kept(&self) {
        assert!(self.violations.is_empty(), "\n{}", self.violations.join("\n"));
    }
}

/// Audits every order and ticket of these users, and every `PaymentIntent`.
///
/// # Panics
/// The marketplace or the simulator does not answer.
pub async fn audit(endpoints: &Endpoints, people: &[Person]) -> Audit {
    let mut audit = Audit::default();
    let intents = intents(endpoints).await;
    let mut buyers: HashMap<String, Vec<String>> = HashMap::new();
    let mut captures: HashMap<String, usize> = HashMap::new();
    for intent in &intents {
        let order = text(&intent["metadata"]["order"]);
        match intent["status"].as_str() {
            Some("succeeded") => *captures.entry(order).or_default() += 1,
            Some("requires_capture") => audit.authorized += 1,
            _ => {}
        }
    }
    for person in people {
        for order in person.all("/api/orders").await {
            let (id, paid) = (text(&order["id"]), captures.remove(&text(&order["id"])).unwrap_or(0));
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
                audit
                    .violations
                    .push(format!("order {id} is {status}, and its money was captured {paid} times"));
            }
            audit.orders.push(order);
        }
    }
    audit
        .violations
        .extend(captures.keys().map(|order| format!("money was captured for an unknown order `{order}`")));
    for (ticket, orders) in buyers {
        if orders.len() > 1 {
            audit.violations.push(format!("ticket {ticket} was sold {} times: {orders:?}", orders.len()));
        }
        let seen = endpoints.get(&format!("/api/tickets/{ticket}")).await;
        if seen.json["status"] != "sold" {
            audit.violations.push(format!("ticket {ticket} was paid and is {}", seen.json["status"]));
        }
    }
    audit
}

/// The amount captured for an order, in minor units.
///
/// # Panics
/// The simulator does not answer.
pub async fn captured_amount(endpoints: &Endpoints, order: &str) -> i64 {
    let intents = intents(endpoints).await;
    let own = intents.iter().filter(|intent| intent["metadata"]["order"] == order);
    own.filter_map(|intent| intent["amount_received"].as_i64()).sum()
}

/// Every `PaymentIntent` of the simulator.
///
/// # Panics
/// The simulator does not answer.
pub async fn intents(endpoints: &Endpoints) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after =
            all.last().map(|last| format!("&starting_after={}", text(&last["id"]))).unwrap_or_default();
        let reply = endpoints.stripe_get(&format!("/v1/payment_intents?limit=100{after}")).await;
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
