use common::event::{DisputeStatus, OrderSnapshot, OrderStatus};
use common::{Currency, Event, Money};
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

#[tokio::test]
async fn a_sold_ticket_shows_its_seller_and_its_buyer_that_money_went_back_and_nobody_else() {
    let world = World::start().await;
    let (ticket, order) = world.sold().await;
    let refunded = Some(Money { amount: 900, currency: Currency::Usd });
    let dispute = Some(DisputeStatus::Open);
    let told = OrderSnapshot { refunded, dispute, version: 5, status: OrderStatus::Complete, ..order };
    for _ in 0..2 {
        assert!(world.service.hear(told.id.into(), 5, Event::OrderCompleted(told.clone())).await);
    }
    for (person, role) in [(&world.seller, "selling"), (&world.buyer, "bought")] {
        let mine = world.service.by(person).get(&format!("/api/tickets/mine?role={role}")).await;
        let mine = &mine.json["items"][0];
        assert_eq!((&mine["status"], &mine["refunded"]), (&json!("sold"), &json!(refunded)), "{role}");
        assert_eq!(mine["dispute"], "open", "{role}");
    }
    let public = world.ticket(&ticket).await;
    assert!(public["refunded"].is_null() && public["dispute"].is_null(), "{public}");
    assert_eq!(world.announced().await[3..], ["ticket.sold"], "once, for those who keep a copy");
}
