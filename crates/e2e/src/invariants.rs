//! The invariants of a marketplace without work in progress, over a snapshot of everything that it stores.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use crate::Endpoints;
use crate::snapshot::{Snapshot, SnapshotReader};

/// Reading all databases takes a while.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// A panic shows no more violations than this.
const MAX_SHOWN: usize = 40;

/// Polls until a snapshot has no violation, and returns that snapshot.
///
/// # Panics
/// Violations are left after `timeout`: the message lists them. Or a database does not answer.
#[expect(clippy::disallowed_methods, reason = "processes live in real time")]
pub async fn wait_until_consistent(
    databases: &[(&'static str, String)],
    endpoints: &Endpoints,
    timeout: Duration,
) -> Snapshot {
    let began = tokio::time::Instant::now();
    let reader = SnapshotReader::open(databases).await.expect("the databases answer");
    loop {
        let snapshot = reader.read(endpoints).await.expect("the databases answer");
        let violations = violations(&snapshot);
        if violations.is_empty() {
            reader.close().await;
            return snapshot;
        }
        let (count, shown) = (violations.len(), violations[..violations.len().min(MAX_SHOWN)].join("\n  "));
        assert!(began.elapsed() < timeout, "{count} violations after {timeout:?}:\n  {shown}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Every violation of an invariant, in words. Work in progress violates some, too.
pub fn violations(snapshot: &Snapshot) -> Vec<String> {
    [orders(snapshot), tickets(snapshot), money(snapshot), replicas(snapshot), work(snapshot)].concat()
}

/// **Invariant:** no ticket is sold twice, and no order stays open.
fn orders(snapshot: &Snapshot) -> Vec<String> {
    let mut violations = Vec::new();
    let mut owners: HashMap<&str, Vec<&str>> = HashMap::new();
    for order in snapshot.all("orders.orders") {
        let (id, ticket) = (text(&order["id"]), text(&order["ticket"]["id"]));
        match status(order) {
            "complete" => owners.entry(ticket).or_default().push(id),
            "cancelled" => {}
            open => violations.push(format!("order {id} is still {open}")),
        }
    }
    let sold_twice = owners.into_iter().filter(|(_, orders)| orders.len() > 1);
    violations.extend(sold_twice.map(|(ticket, orders)| format!("ticket {ticket} is sold to {orders:?}")));
    violations
}

/// **Invariant:** a ticket is sold to the order that is complete, and reserved for an open order only.
fn tickets(snapshot: &Snapshot) -> Vec<String> {
    let orders = snapshot.by("orders.orders", "id");
    let mut violations = Vec::new();
    for ticket in snapshot.all("tickets.tickets") {
        let (id, state) = (text(&ticket["id"]), text(&ticket["status"]["state"]));
        let order = text(&ticket["status"]["order"]);
        let of_order = orders.get(order).map_or("unknown", |order| status(order));
        let fits = match state {
            "available" | "withdrawn" => true,
            "sold" => of_order == "complete",
            "reserved" => ["created", "awaiting-payment", "paying"].contains(&of_order),
            _ => false,
        };
        if !fits {
            violations.push(format!("ticket {id} is {state} for order {order}, which is {of_order}"));
        }
    }
    let tickets = snapshot.by("tickets.tickets", "id");
    let tombstones = snapshot.by("tickets.closed-orders", "order");
    for (id, order) in &orders {
        let ticket = tickets.get(text(&order["ticket"]["id"]));
        let is_theirs = ticket.is_some_and(|ticket| ticket["status"]["order"] == *id);
        match status(order) {
            "complete" if !is_theirs => violations.push(format!("order {id} is complete and has no ticket")),
            "cancelled" if !tombstones.contains_key(id) => {
                violations.push(format!("tickets has no tombstone of the cancelled order {id}"));
            }
            _ => {}
        }
    }
    violations
}

/// **Invariant:** the price of each complete order is captured once, and no other money is captured or authorized.
fn money(snapshot: &Snapshot) -> Vec<String> {
    let orders = snapshot.by("orders.orders", "id");
    let mut violations = Vec::new();
    let mut captures: HashMap<&str, usize> = HashMap::new();
    for intent in &snapshot.intents {
        let (id, order) = (text(&intent["id"]), text(&intent["metadata"]["order"]));
        match text(&intent["status"]) {
            "succeeded" => {
                *captures.entry(order).or_default() += 1;
                violations.extend(orders.get(order).and_then(|order| wrong_amount(intent, order)));
            }
            "canceled" => {}
            open => violations.push(format!("intent {id} of order {order} is still {open}")),
        }
    }
    for (id, order) in &orders {
        let (status, times) = (status(order), captures.remove(id).unwrap_or(0));
        if times != usize::from(status == "complete") {
            violations.push(format!("order {id} is {status}, and its money was captured {times} times"));
        }
    }
    violations
        .extend(captures.keys().map(|order| format!("money was captured for an unknown order `{order}`")));
    for payment in snapshot.all("payments.payments") {
        let (id, state) = (text(&payment["id"]), text(&payment["status"]));
        let of_order = orders.get(text(&payment["order_id"])).map_or("unknown", |order| status(order));
        let fits = match state {
            "captured" | "refunded" => of_order == "complete",
            "voided" | "failed" => of_order == "cancelled",
            _ => false,
        };
        let due = &payment["work"]["due"];
        if !fits || !due.is_null() {
            violations
                .push(format!("payment {id} is {state}, its order {of_order}, the next step due {due}"));
        }
    }
    violations
}

fn wrong_amount(intent: &Value, order: &Value) -> Option<String> {
    let (captured, price) = (&intent["amount_received"], &order["ticket"]["price"]);
    let same_currency = text(&intent["currency"]).eq_ignore_ascii_case(text(&price["currency"]));
    (captured != &price["amount"] || !same_currency).then(|| {
        format!("{captured} {} were captured for order {} of {price}", intent["currency"], order["id"])
    })
}

/// **Invariant:** every replica equals its aggregate.
fn replicas(snapshot: &Snapshot) -> Vec<String> {
    [tickets_in_orders(snapshot), orders_in_payments(snapshot), orders_in_expiration(snapshot)].concat()
}

fn tickets_in_orders(snapshot: &Snapshot) -> Vec<String> {
    let same = |ticket: &Value, replica: &Value| {
        let own = [
            &ticket["version"],
            &ticket["offer"]["title"],
            &ticket["offer"]["price"],
            &ticket["seller"],
            &ticket["status"]["state"],
            &ticket["status"]["order"],
        ];
        own == ["asOf", "title", "price", "sellerId", "status", "orderId"].map(|field| &replica[field])
    };
    compare(snapshot, ("tickets.tickets", "id"), ("orders.tickets", "id"), same)
}

fn orders_in_payments(snapshot: &Snapshot) -> Vec<String> {
    let same = |order: &Value, replica: &Value| {
        let replica = &replica["state"];
        let reason = order["status"].get("cancelled").unwrap_or(&Value::Null);
        replica["status"] == status(order)
            && &replica["cancelReason"] == reason
            && ["id", "version", "userId", "ticket", "expiresAt"]
                .into_iter()
                .all(|field| order[field] == replica[field])
    };
    let mut snapshot = snapshot.clone();
    // The replicas have no id beside the order's own.
    for replica in snapshot.documents.get_mut("payments.orders").into_iter().flatten() {
        replica["state"]["id"] = replica["state"]["state"]["id"].clone();
    }
    compare(&snapshot, ("orders.orders", "id"), ("payments.orders", "id"), same)
}

fn orders_in_expiration(snapshot: &Snapshot) -> Vec<String> {
    let same = |order: &Value, deadline: &Value| {
        let has_ended = deadline["status"] == "fired" || deadline["status"] == "dropped";
        order["expiresAt"] == deadline["expiresAt"] && has_ended
    };
    compare(snapshot, ("orders.orders", "id"), ("expiration.deadlines", "orderId"), same)
}

/// Every aggregate against its replica, and every replica against its aggregate.
fn compare(
    snapshot: &Snapshot,
    (aggregates, id): (&str, &str),
    (replicas, replica_id): (&str, &str),
    same: impl Fn(&Value, &Value) -> bool,
) -> Vec<String> {
    let (originals, mut copies) = (snapshot.by(aggregates, id), snapshot.by(replicas, replica_id));
    let mut violations = Vec::new();
    for (id, original) in originals {
        match copies.remove(id) {
            Some(copy) if same(original, copy) => {}
            Some(copy) => violations.push(format!("{replicas} has {copy} of {aggregates} {original}")),
            None => violations.push(format!("{replicas} lacks {id} of {aggregates}")),
        }
    }
    violations.extend(copies.keys().map(|id| format!("{replicas} has {id}, which {aggregates} lacks")));
    violations
}

/// **Invariant:** every outbox is empty, and there is no dead letter.
fn work(snapshot: &Snapshot) -> Vec<String> {
    let mut violations = Vec::new();
    for (collection, documents) in &snapshot.documents {
        for document in documents {
            let unpublished = document["outbox"].as_array().map_or(0, Vec::len);
            if unpublished > 0 {
                violations
                    .push(format!("{collection} {} has {unpublished} events in its outbox", document["_id"]));
            } else if document["removed"] == true {
                violations.push(format!("{collection} {} is removed and still stored", document["_id"]));
            }
        }
        if collection.ends_with(".dead-letters") {
            let letters = documents.iter().map(|document| &document["state"]);
            violations.extend(
                letters.map(|letter| format!("{collection} has {} ({})", letter["event"], letter["reason"])),
            );
        }
    }
    violations
}

/// The order's status as its own service stores it, without the cancel reason.
fn status(order: &Value) -> &str {
    let status = &order["status"];
    status.as_str().unwrap_or(if status["cancelled"].is_string() { "cancelled" } else { "?" })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
