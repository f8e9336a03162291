//! Replicas agree with their owners, so no event was ignored because of its version.

use std::collections::HashMap;

use e2e::World;
use serde_json::Value;
use store::Store;
use uuid::Uuid;

/// Asserts that orders knows every ticket, payments every order, and notifications every account, as its owner does.
pub(crate) async fn assert_agreement(world: &World) {
    let (tickets, orders) = (world.store("tickets"), world.store("orders"));
    let owned = documents(tickets, "tickets").await;
    let replicas = documents(orders, "tickets").await;
    for (id, ticket) in &owned {
        let replica = replicas.get(id).unwrap_or_else(|| panic!("orders does not know the ticket {ticket}"));
        let shown = [&replica["status"], &replica["price"], &replica["title"]];
        let state = [&ticket["status"]["state"], &ticket["offer"]["price"], &ticket["offer"]["title"]];
        assert_eq!(shown, state, "{replica} of {ticket}");
    }
    for id in replicas.keys() {
        assert!(owned.contains_key(id), "orders offers the ticket {id}, which tickets has lost");
    }
    let owned = documents(orders, "orders").await;
    let replicas = documents(world.store("payments"), "orders").await;
    for (id, order) in &owned {
        let replica = replicas.get(id).unwrap_or_else(|| panic!("payments does not know the order {order}"));
        let (shown, state) = (&replica["state"], &order["status"]);
        let (status, reason) = match state.as_str() {
            Some(status) => (status, None),
            None => ("cancelled", state["cancelled"].as_str()),
        };
        assert_eq!((shown["status"].as_str(), shown["cancelReason"].as_str()), (Some(status), reason));
        let refunds = |order: &Value| [order["refunded"].clone(), order["dispute"].clone()];
        assert_eq!(refunds(shown), refunds(&order["aftermath"]), "{shown} of {order}");
    }
    let owned = documents(world.store("auth"), "users").await;
    let replicas = documents(world.store("notifications"), "recipients").await;
    for (id, user) in &owned {
        let replica = replicas.get(id).unwrap_or_else(|| panic!("notifications does not know the user {id}"));
        assert_eq!(replica["account"]["email"], user["email"]);
    }
}

async fn documents(store: &Store, collection: &'static str) -> HashMap<Uuid, Value> {
    let records = store.backend().scan(collection, None, None, 10_000).await.expect("the database reads");
    let read = |(id, record): (Uuid, Result<store::Record, _>)| {
        (id, serde_json::from_str(&record.expect("a record").body).expect("JSON"))
    };
    records.into_iter().map(read).collect()
}
