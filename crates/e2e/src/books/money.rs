//! Money was taken for complete orders, once and exactly, and none is held for anybody.

use std::collections::HashMap;

use serde_json::Value;

use super::{Books, status, text};

pub(super) fn faults(books: &Books) -> Vec<String> {
    let orders = books.by("orders.orders", "id");
    let mut faults = Vec::new();
    let mut taken: HashMap<&str, usize> = HashMap::new();
    for intent in &books.intents {
        let (id, order) = (text(&intent["id"]), text(&intent["metadata"]["order"]));
        match text(&intent["status"]) {
            "succeeded" => {
                *taken.entry(order).or_default() += 1;
                faults.extend(orders.get(order).and_then(|order| wrong_amount(intent, order)));
            }
            "canceled" => {}
            open => faults.push(format!("intent {id} of order {order} is still {open}")),
        }
    }
    for (id, order) in &orders {
        let (status, times) = (status(order), taken.remove(id).unwrap_or(0));
        if times != usize::from(status == "complete") {
            faults.push(format!("order {id} is {status}, and money was taken {times} times"));
        }
    }
    faults.extend(taken.keys().map(|order| format!("money was taken for an unknown order `{order}`")));
    for payment in books.all("payments.payments") {
        let (id, state) = (text(&payment["id"]), text(&payment["status"]));
        let of_order = orders.get(text(&payment["order_id"])).map_or("unknown", |order| status(order));
        let fits = match state {
            "captured" | "refunded" => of_order == "complete",
            "voided" | "failed" => of_order == "cancelled",
            _ => false,
        };
        if !fits || !payment["work"]["due"].is_null() {
            let due = &payment["work"]["due"];
            faults.push(format!("payment {id} is {state}, its order {of_order}, the next step due {due}"));
        }
    }
    faults
}

fn wrong_amount(intent: &Value, order: &Value) -> Option<String> {
    let (incoming, price) = (&intent["amount_received"], &order["ticket"]["price"]);
    let same_currency = text(&intent["currency"]).eq_ignore_ascii_case(text(&price["currency"]));
    (incoming != &price["amount"] || !same_currency)
        .then(|| format!("{incoming} {} were taken for order {} of {price}", intent["currency"], order["id"]))
}
