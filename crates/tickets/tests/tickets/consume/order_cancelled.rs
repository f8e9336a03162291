use serde_json::json;

use crate::world::{World, offer};

#[tokio::test]
async fn a_cancelled_order_frees_its_ticket_once() {
    let world = World::start().await;
    let (ticket, order) = world.reserved().await;
    world.hears_cancelled(&order).await;
    world.hears_cancelled(&order).await;
    let now = world.ticket(&ticket).await;
    assert_eq!((&now["status"], &now["version"]), (&json!("available"), &json!(3)));
    assert_eq!(now.get("reservedUntil"), None);
    assert_eq!(world.announced().await, ["ticket.created", "ticket.reserved", "ticket.released"]);
}

#[tokio::test]
async fn an_order_that_was_cancelled_does_not_lock_again() {
    let world = World::start().await;
    let (ticket, order) = world.reserved().await;
    world.hears_cancelled(&order).await;
    assert!(world.hears_created(&order).await);
    assert_eq!(world.ticket(&ticket).await["status"], "available");
}

#[tokio::test]
async fn an_order_whose_end_is_heard_before_its_beginning_never_locks() {
    let world = World::start().await;
    let ticket = world.listed(offer()).await;
    let order = world.order(&ticket);
    world.hears_cancelled(&order).await;
    assert!(world.hears_created(&order).await);
    assert_eq!(world.ticket(&ticket).await["status"], "available");
    assert_eq!(world.announced().await, ["ticket.created"]);
}

#[tokio::test]
async fn an_order_frees_no_ticket_that_another_one_holds() {
    let world = World::start().await;
    let (ticket, first) = world.reserved().await;
    world.hears_cancelled(&first).await;
    let second = world.order(&ticket);
    assert!(world.hears_created(&second).await);
    world.hears_cancelled(&first).await;
    assert_eq!(world.ticket(&ticket).await["status"], "reserved");
}

#[tokio::test]
async fn a_cancellation_changes_no_ticket_that_is_sold_withdrawn_or_unknown() {
    let world = World::start().await;
    let (sold, bought) = world.sold().await;
    world.hears_cancelled(&bought).await;
    assert_eq!(world.ticket(&sold).await["status"], "sold");
    let withdrawn = world.withdrawn().await;
    world.hears_cancelled(&world.order(&withdrawn)).await;
    assert_eq!(world.ticket(&withdrawn).await["status"], "withdrawn");
    world.hears_cancelled(&world.order_of(world.buyer.id, world.service.context.ids.next())).await;
}
