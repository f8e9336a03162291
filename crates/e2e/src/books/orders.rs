//! No ticket is sold twice, and no order stays open.

use std::collections::HashMap;

use super::{Books, status, text};

pub(super) fn faults(books: &Books) -> Vec<String> {
    let mut faults = Vec::new();
    let mut owners: HashMap<&str, Vec<&str>> = HashMap::new();
    for order in books.all("orders.orders") {
        let (id, ticket) = (text(&order["id"]), text(&order["ticket"]["id"]));
        match status(order) {
            "complete" => owners.entry(ticket).or_default().push(id),
            "cancelled" => {}
            open => faults.push(format!("order {id} is still {open}")),
        }
    }
    let sold_twice = owners.into_iter().filter(|(_, orders)| orders.len() > 1);
    faults.extend(sold_twice.map(|(ticket, orders)| format!("ticket {ticket} is sold to {orders:?}")));
    faults
}
