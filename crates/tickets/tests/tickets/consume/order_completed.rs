use serde_json::json;

use crate::world::{World, offer};

#[tokio::test]
async fn a_completed_order_has_its_ticket_once() {
    let world = World::start().await;
    let (ticket, order) = world.reserved().await;
    assert!(world.hears_completed(&order).await);
    assert!(world.hears_completed(&order).await);
    assert!(world.hears_created(&order).await, "a late repetition of its beginning changes nothing");
    let now = world.ticket(&ticket).await;
    assert_eq!((&now["status"], &now["version"]), (&json!("sold"), &json!(3)));
    assert_eq!(world.announced().await, ["ticket.created", "ticket.reserved", "ticket.sold"]);
}

#[tokio::test]
async fn an_order_buys_no_ticket_that_it_does_not_hold() {
    let world = World::start().await;
    let free = world.listed(offer()).await;
    let (held, _) = world.reserved().await;
    for (ticket, status) in [(free, "available"), (held, "reserved")] {
        let order = world.order(&ticket);
        assert!(!world.hears_completed(&order).await, "it is kept for a person to see");
        assert_eq!(world.ticket(&ticket).await["status"], status);
    }
}
