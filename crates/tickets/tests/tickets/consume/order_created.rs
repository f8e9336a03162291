use std::time::Duration;

use common::event::{OrderSnapshot, RefusalReason};
use common::{Event, OrderId};
use futures::future::join_all;
use serde_json::json;

use crate::world::{World, address, offer, offer_with};

/// The refusals announced since the last look.
async fn refusals(world: &World) -> Vec<(OrderId, RefusalReason)> {
    let events = world.service.announced().await;
    let refused = events.into_iter().filter_map(|event| match event.event {
        Event::TicketReservationRefused(refused) => Some((refused.order_id, refused.reason)),
        _ => None,
    });
    refused.collect()
}

#[tokio::test]
async fn a_free_ticket_is_locked_once_however_often_its_order_is_heard() {
    let world = World::start().await;
    let ticket = world.listed(offer()).await;
    let order = world.order(&ticket);
    let event = world.service.envelope(order.id.into(), 1, Event::OrderCreated(order.clone()));
    for _ in 0..3 {
        assert!(world.service.deliver(event.clone()).await);
    }
    let now = world.ticket(&ticket).await;
    assert_eq!((&now["status"], &now["version"]), (&json!("reserved"), &json!(2)));
    assert_eq!(now["reservedUntil"], json!(order.expires_at));
    assert_eq!(world.announced().await, ["ticket.created", "ticket.reserved"]);
}

#[tokio::test]
async fn an_order_at_another_price_is_refused() {
    let world = World::start().await;
    let ticket = world.listed(offer()).await;
    let order = world.order(&ticket);
    let dearer = offer_with("price", json!({ "amount": 2_600, "currency": "USD" }));
    world.seller().put(&address(&ticket), dearer).await;
    assert!(world.hears_created(&order).await);
    assert_eq!(refusals(&world).await, [(order.id, RefusalReason::PriceChanged)]);
    assert_eq!(world.ticket(&ticket).await["status"], "available");
}

#[tokio::test]
async fn an_order_for_what_cannot_be_had_is_refused() {
    let world = World::start().await;
    let own = world.listed(offer()).await;
    let own = OrderSnapshot { user_id: world.seller.id, ..world.order(&own) };
    let unknown = world.order_of(world.buyer.id, world.service.context.ids.next());
    let sold = world.order(&world.sold().await.0);
    let withdrawn = world.order(&world.withdrawn().await);
    world.announced().await;
    for order in [own, unknown, sold, withdrawn] {
        assert!(world.hears_created(&order).await);
        assert_eq!(refusals(&world).await, [(order.id, RefusalReason::TicketUnavailable)]);
    }
}

#[tokio::test]
async fn once_refused_always_refused() {
    let world = World::start().await;
    let ticket = world.listed(offer_with("price", json!({ "amount": 2_600, "currency": "USD" }))).await;
    let order = world.order(&ticket);
    assert!(world.hears_created(&order).await);
    assert_eq!(refusals(&world).await.len(), 1);
    // By now the price is the one that the order names; still it does not get the ticket.
    assert_eq!(world.seller().put(&address(&ticket), offer()).await.status, 200);
    assert!(world.hears_created(&order).await);
    assert!(refusals(&world).await.is_empty(), "the answer was given");
    assert_eq!(world.ticket(&ticket).await["status"], "available");
}

#[tokio::test]
async fn a_ticket_that_another_order_still_holds_is_waited_for() {
    let world = World::start().await;
    let (ticket, first) = world.reserved().await;
    let second = world.order(&ticket);
    assert!(!world.hears_created(&second).await, "it waits");
    world.hears_cancelled(&first).await;
    world.service.clock.advance(Duration::from_millis(50));
    assert_eq!(
        world.announced().await,
        ["ticket.created", "ticket.reserved", "ticket.released", "ticket.reserved"]
    );
    let mine = world.service.by(&world.buyer).get("/api/tickets/mine?role=holding").await;
    assert_eq!(mine.json["items"][0]["orderId"], json!(second.id));
}

#[tokio::test]
async fn a_ticket_that_stays_held_is_refused_after_five_seconds_and_not_before() {
    let world = World::start().await;
    let (ticket, first) = world.reserved().await;
    let second = world.order(&ticket);
    assert!(!world.hears_created(&second).await);
    world.service.clock.advance(Duration::from_millis(4_999));
    assert!(refusals(&world).await.is_empty());
    world.service.clock.advance(Duration::from_millis(1));
    assert_eq!(refusals(&world).await, [(second.id, RefusalReason::TicketUnavailable)]);
    // Once it is free the refused order still does not get it.
    world.hears_cancelled(&first).await;
    assert!(world.hears_created(&second).await);
    assert_eq!(world.ticket(&ticket).await["status"], "available");
}

#[tokio::test]
async fn an_order_that_waits_holds_up_no_other() {
    let world = World::start().await;
    let (held, _) = world.reserved().await;
    assert!(!world.hears_created(&world.order(&held)).await);
    let free = world.listed(offer()).await;
    assert!(world.hears_created(&world.order(&free)).await);
    assert_eq!(world.ticket(&free).await["status"], "reserved");
}

#[tokio::test]
async fn of_fifty_simultaneous_orders_one_gets_the_ticket() {
    let world = World::start().await;
    let ticket = world.listed(offer()).await;
    let orders: Vec<_> = (0..50).map(|_| world.order(&ticket)).collect();
    let handled = join_all(orders.iter().map(|order| world.hears_created(order))).await;
    assert_eq!(handled.iter().filter(|handled| **handled).count(), 1);
    assert_eq!(world.announced().await, ["ticket.created", "ticket.reserved"]);
    world.service.clock.advance(Duration::from_secs(5));
    let refused = refusals(&world).await;
    assert_eq!(refused.len(), 49);
    assert!(refused.iter().all(|(_, reason)| *reason == RefusalReason::TicketUnavailable));
    let now = world.ticket(&ticket).await;
    assert_eq!((&now["status"], &now["version"]), (&json!("reserved"), &json!(2)));
}
