//! Tickets that are published again, and the answers to overdue orders.

use std::time::Duration;

use common::event::{OrderSnapshot, RefusalReason};
use common::{Decision, Envelope, Event};
use serde_json::json;
use tickets::domain::{OrderTombstone, Ticket};

use crate::app::{TestApp, address, offer, offer_with};
use crate::samples::{at, listed};

fn overdue(order: &OrderSnapshot) -> OrderSnapshot {
    OrderSnapshot { overdue: true, version: order.version + 1, ..order.clone() }
}

/// The events published since the last call: the subject, the version, and whether an answer is awaited.
async fn published(app: &TestApp) -> Vec<(&'static str, u64, bool)> {
    let published = app.service.published().await;
    let short =
        |Envelope { event, version, .. }: Envelope| (event.subject().as_str(), version, event.is_overdue());
    published.into_iter().map(short).collect()
}

async fn passes(app: &TestApp, seconds: u64) {
    app.service.clock.advance(Duration::from_secs(seconds));
    app.service.settle().await;
}

#[tokio::test]
async fn a_lock_past_its_deadline_is_published_again_until_its_order_ends() {
    let app = TestApp::start().await;
    let (_, order) = app.reserved().await;
    published(&app).await;
    passes(&app, 15 * 60 + 29).await;
    assert_eq!(published(&app).await, []);
    for (seconds, version) in [(1, 3), (60, 4), (120, 5)] {
        passes(&app, seconds).await;
        assert_eq!(published(&app).await, [("ticket.reserved", version, true)]);
    }
    app.deliver_cancelled(&order).await;
    assert_eq!(published(&app).await, [("ticket.released", 6, false)]);
}

#[tokio::test]
async fn an_offer_is_published_again_after_minutes_hours_and_then_daily() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    published(&app).await;
    let minute = 60;
    let mut version = 1;
    for seconds in [2, 16, 128, 1024, 1440, 1440].map(|minutes| minutes * minute) {
        passes(&app, seconds - 1).await;
        assert_eq!(published(&app).await, [], "{seconds}");
        passes(&app, 1).await;
        version += 1;
        assert_eq!(published(&app).await, [("ticket.updated", version, true)], "{seconds}");
    }
    let shown = app.ticket(&ticket).await;
    assert_eq!((&shown["updatedAt"], &shown["status"]), (&ticket["updatedAt"], &json!("available")));
}

#[tokio::test]
async fn an_edit_is_published_again_as_soon_as_a_new_offer() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    passes(&app, 120).await;
    passes(&app, 120).await;
    let edited = offer_with("title", json!("Opera"));
    assert_eq!(app.seller().put(&address(&ticket), edited).await.status, 200);
    published(&app).await;
    passes(&app, 120).await;
    assert_eq!(published(&app).await, [("ticket.updated", 4, true)]);
}

#[tokio::test]
async fn a_withdrawn_ticket_is_published_four_times_more_and_a_sold_one_never() {
    let app = TestApp::start().await;
    app.withdrawn().await;
    app.sold().await;
    published(&app).await;
    let mut subjects = Vec::new();
    for minutes in [2, 16, 128, 1024, 1440, 1440, 1440] {
        passes(&app, minutes * 60).await;
        subjects.extend(published(&app).await.into_iter().map(|(subject, ..)| subject));
    }
    assert_eq!(subjects, ["ticket.withdrawn"; 4]);
}

#[tokio::test]
async fn an_overdue_order_is_answered_with_its_lock_its_sale_or_its_refusal() {
    let app = TestApp::start().await;
    let (_, order) = app.reserved().await;
    assert!(app.deliver_created(&overdue(&order)).await);
    assert_eq!(published(&app).await[2..], [("ticket.reserved", 3, false)]);
    assert!(app.deliver_completed(&order).await);
    assert!(app.deliver_created(&overdue(&order)).await);
    assert!(app.deliver_completed(&overdue(&order)).await);
    let sold = [("ticket.sold", 4, false), ("ticket.sold", 5, false), ("ticket.sold", 6, false)];
    assert_eq!(published(&app).await, sold);

    let refused = app.listed(offer_with("price", json!({ "amount": 2_600, "currency": "USD" }))).await;
    let order = app.order(&refused);
    assert!(app.deliver_created(&order).await);
    for _ in 0..2 {
        assert!(app.deliver_created(&overdue(&order)).await);
    }
    let events = app.service.published().await;
    let refusals = events.iter().filter_map(|envelope| match &envelope.event {
        Event::TicketReservationRefused(refused) => Some((envelope.version, refused.reason.clone())),
        _ => None,
    });
    let again = [1, 2, 3].map(|version| (version, RefusalReason::PriceChanged.into()));
    assert_eq!(refusals.collect::<Vec<_>>(), again);
}

#[tokio::test]
async fn an_order_that_was_cancelled_is_not_answered_with_a_refusal() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let order = app.order(&ticket);
    app.deliver_cancelled(&order).await;
    assert!(app.deliver_created(&overdue(&order)).await);
    assert_eq!(published(&app).await, [("ticket.created", 1, false)]);
}

#[test]
fn a_tombstone_of_a_release_without_versions_can_be_read() {
    let stored = json!({
        "order": "019a0b5c-0000-7000-8000-000000000003",
        "ticket": "019a0b5c-0000-7000-8000-000000000001",
        "outcome": { "refused": "price-changed" },
        "created_at": "2026-11-22T10:00:00.000Z",
    });
    let tombstone: OrderTombstone = serde_json::from_value(stored).expect("a tombstone");
    assert_eq!(tombstone.answer().expect("a refusal").next.version, 2);
}

/// After an outage many offers are overdue at once; requests have precedence.
#[tokio::test]
async fn overdue_tickets_are_published_in_batches_of_128_half_a_second_apart() {
    let app = TestApp::start().await;
    let tickets = app.service.context.store.collection::<Ticket>();
    for number in 0..300 {
        let ticket = Ticket { id: app.service.context.ids.next(), created_at: at(number), ..listed() };
        tickets.commit(Decision::without_event(ticket)).await.expect("stored");
    }
    let half_a_second = Duration::from_millis(500);
    // The first run after the worker's sleep.
    passes(&app, 5).await;
    let mut counts = vec![published(&app).await.len()];
    for _ in 0..4 {
        app.service.clock.advance(half_a_second);
        counts.push(published(&app).await.len());
    }
    assert_eq!(counts, [128, 128, 44, 0, 0]);
}
