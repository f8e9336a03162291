//! A ticket is sold to the order that is complete, and locked for one that lives.

use super::{Books, status, text};

pub(super) fn faults(books: &Books) -> Vec<String> {
    let orders = books.by("orders.orders", "id");
    let mut faults = Vec::new();
    for ticket in books.all("tickets.tickets") {
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
            faults.push(format!("ticket {id} is {state} for order {order}, which is {of_order}"));
        }
    }
    let tickets = books.by("tickets.tickets", "id");
    let closed = books.by("tickets.closed-orders", "order");
    for (id, order) in &orders {
        let ticket = tickets.get(text(&order["ticket"]["id"]));
        let is_theirs = ticket.is_some_and(|ticket| ticket["status"]["order"] == *id);
        match status(order) {
            "complete" if !is_theirs => faults.push(format!("order {id} is complete and has no ticket")),
            "cancelled" if !closed.contains_key(id) => {
                faults.push(format!("tickets has not heard that order {id} is cancelled"));
            }
            _ => {}
        }
    }
    faults
}
