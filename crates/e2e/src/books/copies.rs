//! What a service knows of another's aggregates is what their owner says.

use serde_json::Value;

use super::{Books, status, text};

pub(super) fn faults(books: &Books) -> Vec<String> {
    let mut faults = tickets_in_orders(books);
    faults.extend(orders_in_payments(books));
    faults.extend(orders_in_expiration(books));
    faults
}

fn tickets_in_orders(books: &Books) -> Vec<String> {
    let same = |ticket: &Value, copy: &Value| {
        let own = [
            &ticket["version"],
            &ticket["offer"]["title"],
            &ticket["offer"]["price"],
            &ticket["seller"],
            &ticket["status"]["state"],
            &ticket["status"]["order"],
        ];
        let known = ["asOf", "title", "price", "sellerId", "status", "orderId"].map(|field| &copy[field]);
        own == known
    };
    compare(books, ("tickets.tickets", "id"), ("orders.tickets", "id"), same)
}

fn orders_in_payments(books: &Books) -> Vec<String> {
    let same = |order: &Value, copy: &Value| {
        let copy = &copy["state"];
        let why = order["status"].get("cancelled").unwrap_or(&Value::Null);
        let same_state = copy["status"] == status(order) && &copy["cancelReason"] == why;
        same_state
            && ["id", "version", "userId", "ticket", "expiresAt"]
                .into_iter()
                .all(|field| order[field] == copy[field])
    };
    let mut books = books.clone();
    // The copies have no id beside the order's own.
    for copy in books.documents.get_mut("payments.orders").into_iter().flatten() {
        copy["state"]["id"] = copy["state"]["state"]["id"].clone();
    }
    compare(&books, ("orders.orders", "id"), ("payments.orders", "id"), same)
}

fn orders_in_expiration(books: &Books) -> Vec<String> {
    let same = |order: &Value, deadline: &Value| {
        let has_ended = deadline["status"] == "fired" || deadline["status"] == "dropped";
        order["expiresAt"] == deadline["expiresAt"] && has_ended
    };
    compare(books, ("orders.orders", "id"), ("expiration.deadlines", "orderId"), same)
}

/// Every aggregate against its copy, and every copy against its aggregate.
fn compare(
    books: &Books,
    (own, id): (&str, &str),
    (known, known_id): (&str, &str),
    same: impl Fn(&Value, &Value) -> bool,
) -> Vec<String> {
    let (originals, mut copies) = (books.by(own, id), books.by(known, known_id));
    let mut faults = Vec::new();
    for (id, original) in originals {
        match copies.remove(id) {
            Some(copy) if same(original, copy) => {}
            Some(copy) => faults.push(format!("{known} says {copy} of {own} {original}")),
            None => faults.push(format!("{known} does not know {} of {own}", text(&original["id"]))),
        }
    }
    faults.extend(copies.keys().map(|id| format!("{known} knows {id}, which {own} does not")));
    faults
}
