//! What all databases and the card processor say, side by side, and what in it cannot be.

mod copies;
mod money;
mod orders;
mod read;
mod rest;
mod tickets;
mod wait;

use std::collections::HashMap;

use serde_json::Value;

pub use read::{ReadError, Reader};
pub use wait::in_order;

/// Everything that the databases and the card processor say.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// The documents, by service and collection (`orders.tickets`), as they are stored, with ids as texts.
    pub documents: HashMap<String, Vec<Value>>,
    /// The card processor's `PaymentIntents`.
    pub intents: Vec<Value>,
}

impl Books {
    /// Everything that is wrong or not at rest, in words. While work goes on there is always something.
    pub fn faults(&self) -> Vec<String> {
        let parts = [
            orders::faults(self),
            tickets::faults(self),
            money::faults(self),
            copies::faults(self),
            rest::faults(self),
        ];
        parts.concat()
    }

    /// The aggregates of a collection: the documents' states.
    pub fn all(&self, collection: &str) -> impl Iterator<Item = &Value> {
        let documents = self.documents.get(collection).into_iter().flatten();
        documents.map(|document| &document["state"]).filter(|state| !state.is_null())
    }

    /// The same by a field that names each.
    fn by(&self, collection: &str, field: &str) -> HashMap<&str, &Value> {
        self.all(collection).filter_map(|one| Some((one[field].as_str()?, one))).collect()
    }

    /// How many orders ended this way: `complete`, `by-buyer`, `expired`, …
    pub fn ended(&self, how: &str) -> usize {
        self.all("orders.orders")
            .filter(|order| status(order) == how || order["status"]["cancelled"] == how)
            .count()
    }
}

/// How far an order is, as its own service stores it, without why.
fn status(order: &Value) -> &str {
    let status = &order["status"];
    status.as_str().unwrap_or(if status["cancelled"].is_string() { "cancelled" } else { "?" })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
