use std::time::Duration;

use common::event::{DisputeStatus, OrderSnapshot, OrderStatus, RefusalReason};
use common::{Currency, Decision, Event, Money, OrderId};
use futures::future::join_all;
use serde_json::json;
use tickets::domain::Ticket;

use crate::app::{TestApp, address, offer, offer_with};

/// The refusals published since the last call.
async fn refusals(app: &TestApp) -> Vec<(OrderId, RefusalReason)> {
    let events = app.service.published().await;
    let refused = events.into_iter().filter_map(|event| match event.event {
        Event::TicketReservationRefused(refused) => Some((refused.order_id, refused.reason.known()?)),
        _ => None,
    });
    refused.collect()
}

#[tokio::test]
async fn a_free_ticket_is_locked_once_however_often_its_event_is_delivered() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let order = app.order(&ticket);
    let event = app.service.envelope(order.id.into(), 1, Event::OrderCreated(order.clone()));
    for _ in 0..3 {
        assert!(app.service.deliver(event.clone()).await);
    }
    let now = app.ticket(&ticket).await;
    assert_eq!((&now["status"], &now["version"]), (&json!("reserved"), &json!(2)));
    assert_eq!(now["reservedUntil"], json!(order.expires_at));
    assert_eq!(app.subjects().await, ["ticket.created", "ticket.reserved"]);
}

#[tokio::test]
async fn an_order_at_another_price_is_refused() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let order = app.order(&ticket);
    let dearer = offer_with("price", json!({ "amount": 2_600, "currency": "USD" }));
    app.seller().put(&address(&ticket), dearer).await;
    assert!(app.deliver_created(&order).await);
    assert_eq!(refusals(&app).await, [(order.id, RefusalReason::PriceChanged)]);
    assert_eq!(app.ticket(&ticket).await["status"], "available");
}

#[tokio::test]
async fn an_order_for_what_cannot_be_had_is_refused() {
    let app = TestApp::start().await;
    let own = app.listed(offer()).await;
    let own = OrderSnapshot { user_id: app.seller.id, ..app.order(&own) };
    let sold = app.order(&app.sold().await.0);
    let withdrawn = app.order(&app.withdrawn().await);
    app.subjects().await;
    for order in [own, sold, withdrawn] {
        assert!(app.deliver_created(&order).await);
        assert_eq!(refusals(&app).await, [(order.id, RefusalReason::TicketUnavailable)]);
    }
}

/// A ticket of which orders know must exist, so a superseded database may have answered.
#[tokio::test]
async fn an_order_for_an_unknown_ticket_is_retried_for_thirty_seconds_and_then_refused() {
    let app = TestApp::start().await;
    let order = app.order_of(app.buyer.id, app.service.context.ids.next());
    assert!(!app.deliver_created(&order).await);
    app.service.clock.advance(Duration::from_millis(29_999));
    assert!(refusals(&app).await.is_empty());
    app.service.clock.advance(Duration::from_millis(1));
    assert_eq!(refusals(&app).await, [(order.id, RefusalReason::TicketUnavailable)]);
}

#[tokio::test]
async fn the_end_of_an_order_whose_ticket_is_missing_is_retried_until_the_ticket_is_there() {
    let app = TestApp::start().await;
    let (ticket, order) = app.reserved().await;
    let tickets = app.service.context.store.collection::<Ticket>();
    let locked = tickets.get(order.ticket.id).await.expect("a database").expect("a ticket");
    for cancelled in [true, false] {
        tickets
            .remove(&tickets.get(locked.id).await.expect("a database").expect("a ticket"))
            .await
            .expect("removed");
        let handled =
            if cancelled { app.try_cancelled(&order).await } else { app.deliver_completed(&order).await };
        assert!(!handled, "retried");
        tickets
            .commit(Decision::without_event(Ticket { version: 1, ..locked.clone() }))
            .await
            .expect("stored");
        app.service.clock.advance(Duration::from_secs(1));
        app.service.settle().await;
        assert_eq!(app.ticket(&ticket).await["status"], if cancelled { "available" } else { "sold" });
    }
}

#[tokio::test]
async fn once_refused_always_refused() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer_with("price", json!({ "amount": 2_600, "currency": "USD" }))).await;
    let order = app.order(&ticket);
    assert!(app.deliver_created(&order).await);
    assert_eq!(refusals(&app).await.len(), 1);
    // By now the price is the one that was ordered; still the order does not get the ticket.
    assert_eq!(app.seller().put(&address(&ticket), offer()).await.status, 200);
    assert!(app.deliver_created(&order).await);
    assert!(refusals(&app).await.is_empty(), "refused once");
    assert_eq!(app.ticket(&ticket).await["status"], "available");
}

#[tokio::test]
async fn a_ticket_that_another_order_still_holds_is_waited_for() {
    let app = TestApp::start().await;
    let (ticket, first) = app.reserved().await;
    let second = app.order(&ticket);
    assert!(!app.deliver_created(&second).await, "it waits");
    app.deliver_cancelled(&first).await;
    app.service.clock.advance(Duration::from_millis(50));
    assert_eq!(
        app.subjects().await,
        ["ticket.created", "ticket.reserved", "ticket.released", "ticket.reserved"]
    );
    let mine = app.service.by(&app.buyer).get("/api/tickets/mine?role=holding").await;
    assert_eq!(mine.json["items"][0]["orderId"], json!(second.id));
}

#[tokio::test]
async fn a_ticket_that_stays_held_is_refused_after_five_seconds_and_not_before() {
    let app = TestApp::start().await;
    let (ticket, first) = app.reserved().await;
    let second = app.order(&ticket);
    assert!(!app.deliver_created(&second).await);
    app.service.clock.advance(Duration::from_millis(4_999));
    assert!(refusals(&app).await.is_empty());
    app.service.clock.advance(Duration::from_millis(1));
    assert_eq!(refusals(&app).await, [(second.id, RefusalReason::TicketUnavailable)]);
    // Once it is free the refused order still does not get it.
    app.deliver_cancelled(&first).await;
    assert!(app.deliver_created(&second).await);
    assert_eq!(app.ticket(&ticket).await["status"], "available");
}

#[tokio::test]
async fn an_order_that_waits_holds_up_no_other() {
    let app = TestApp::start().await;
    let (held, _) = app.reserved().await;
    assert!(!app.deliver_created(&app.order(&held)).await);
    let free = app.listed(offer()).await;
    assert!(app.deliver_created(&app.order(&free)).await);
    assert_eq!(app.ticket(&free).await["status"], "reserved");
}

#[tokio::test]
async fn of_fifty_simultaneous_orders_one_gets_the_ticket() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let orders: Vec<_> = (0..50).map(|_| app.order(&ticket)).collect();
    let handled = join_all(orders.iter().map(|order| app.deliver_created(order))).await;
    assert_eq!(handled.iter().filter(|handled| **handled).count(), 1);
    assert_eq!(app.subjects().await, ["ticket.created", "ticket.reserved"]);
    app.service.clock.advance(Duration::from_secs(5));
    let refused = refusals(&app).await;
    assert_eq!(refused.len(), 49);
    assert!(refused.iter().all(|(_, reason)| *reason == RefusalReason::TicketUnavailable));
    let now = app.ticket(&ticket).await;
    assert_eq!((&now["status"], &now["version"]), (&json!("reserved"), &json!(2)));
}

#[tokio::test]
async fn a_cancelled_order_frees_its_ticket_once() {
    let app = TestApp::start().await;
    let (ticket, order) = app.reserved().await;
    app.deliver_cancelled(&order).await;
    app.deliver_cancelled(&order).await;
    let now = app.ticket(&ticket).await;
    assert_eq!((&now["status"], &now["version"]), (&json!("available"), &json!(3)));
    assert_eq!(now.get("reservedUntil"), None);
    assert_eq!(app.subjects().await, ["ticket.created", "ticket.reserved", "ticket.released"]);
}

#[tokio::test]
async fn an_order_that_was_cancelled_does_not_lock_again() {
    let app = TestApp::start().await;
    let (ticket, order) = app.reserved().await;
    app.deliver_cancelled(&order).await;
    assert!(app.deliver_created(&order).await);
    assert_eq!(app.ticket(&ticket).await["status"], "available");
}

#[tokio::test]
async fn an_order_whose_end_arrives_before_its_beginning_never_locks() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let order = app.order(&ticket);
    app.deliver_cancelled(&order).await;
    assert!(app.deliver_created(&order).await);
    assert_eq!(app.ticket(&ticket).await["status"], "available");
    assert_eq!(app.subjects().await, ["ticket.created"]);
}

#[tokio::test]
async fn an_order_frees_no_ticket_that_another_one_holds() {
    let app = TestApp::start().await;
    let (ticket, first) = app.reserved().await;
    app.deliver_cancelled(&first).await;
    let second = app.order(&ticket);
    assert!(app.deliver_created(&second).await);
    app.deliver_cancelled(&first).await;
    assert_eq!(app.ticket(&ticket).await["status"], "reserved");
}

#[tokio::test]
async fn a_cancellation_changes_no_ticket_that_is_sold_or_withdrawn() {
    let app = TestApp::start().await;
    let (sold, bought) = app.sold().await;
    app.deliver_cancelled(&bought).await;
    assert_eq!(app.ticket(&sold).await["status"], "sold");
    let withdrawn = app.withdrawn().await;
    app.deliver_cancelled(&app.order(&withdrawn)).await;
    assert_eq!(app.ticket(&withdrawn).await["status"], "withdrawn");
}

#[tokio::test]
async fn a_completed_order_has_its_ticket_once() {
    let app = TestApp::start().await;
    let (ticket, order) = app.reserved().await;
    assert!(app.deliver_completed(&order).await);
    assert!(app.deliver_completed(&order).await);
    assert!(app.deliver_created(&order).await, "a late repetition of its beginning changes nothing");
    let now = app.ticket(&ticket).await;
    assert_eq!((&now["status"], &now["version"]), (&json!("sold"), &json!(3)));
    assert_eq!(app.subjects().await, ["ticket.created", "ticket.reserved", "ticket.sold"]);
}

#[tokio::test]
async fn an_order_buys_no_ticket_that_it_does_not_hold() {
    let app = TestApp::start().await;
    let free = app.listed(offer()).await;
    let (held, _) = app.reserved().await;
    for (ticket, status) in [(free, "available"), (held, "reserved")] {
        let order = app.order(&ticket);
        assert!(!app.deliver_completed(&order).await, "it becomes a dead letter for an operator");
        assert_eq!(app.ticket(&ticket).await["status"], status);
    }
}

#[tokio::test]
async fn a_sold_ticket_shows_a_refund_and_a_dispute_to_its_seller_and_its_buyer_alone() {
    let app = TestApp::start().await;
    let (ticket, order) = app.sold().await;
    let refunded = Some(Money { amount: 900, currency: Currency::Usd });
    let dispute = Some(DisputeStatus::Open);
    let order = OrderSnapshot {
        refunded,
        dispute: dispute.map(Into::into),
        version: 5,
        status: OrderStatus::Complete.into(),
        ..order
    };
    for _ in 0..2 {
        assert!(app.service.receive(order.id.into(), 5, Event::OrderCompleted(order.clone())).await);
    }
    for (person, role) in [(&app.seller, "selling"), (&app.buyer, "bought")] {
        let mine = app.service.by(person).get(&format!("/api/tickets/mine?role={role}")).await;
        let mine = &mine.json["items"][0];
        assert_eq!((&mine["status"], &mine["refunded"]), (&json!("sold"), &json!(refunded)), "{role}");
        assert_eq!(mine["dispute"], "open", "{role}");
    }
    let public = app.ticket(&ticket).await;
    assert!(public["refunded"].is_null() && public["dispute"].is_null(), "{public}");
    assert_eq!(app.subjects().await[3..], ["ticket.sold"], "once, for the replicas");
}

#[tokio::test]
async fn the_listings_of_a_deleted_account_are_withdrawn_and_lose_their_texts() {
    let app = TestApp::start().await;
    let listed = app.listed(offer_with("description", json!("call Ann"))).await;
    let withdrawn = app.withdrawn().await;
    let (sold, _) = app.sold().await;
    app.subjects().await;
    for expected in [vec!["ticket.withdrawn", "ticket.withdrawn"], vec![]] {
        assert!(app.deliver_deleted().await);
        assert_eq!(app.subjects().await, expected, "the second event changes nothing");
    }
    for ticket in [&listed, &withdrawn] {
        let ticket = app.ticket(ticket).await;
        assert_eq!((&ticket["status"], &ticket["title"]), (&json!("withdrawn"), &json!("Deleted listing")));
        assert_eq!(ticket["description"], json!(null));
    }
    let sold = app.ticket(&sold).await;
    assert_eq!((&sold["status"], &sold["title"]), (&json!("sold"), &json!("Concert")), "the buyer's record");
}

#[tokio::test]
async fn a_listing_whose_order_has_ended_is_withdrawn_once_it_is_released() {
    let app = TestApp::start().await;
    let (ticket, order) = app.reserved().await;
    assert!(!app.deliver_deleted().await, "the release is on the way");
    app.deliver_cancelled(&order).await;
    app.service.clock.advance(Duration::from_secs(1));
    app.service.settle().await;
    assert_eq!(app.ticket(&ticket).await["status"], "withdrawn");
}
