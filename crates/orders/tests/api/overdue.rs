//! Orders whose next event is overdue, and the answers to overdue states of tickets and payments.

use std::time::Duration;

use common::event::{CancelReason, PaymentSnapshot, PaymentStatus, TicketSnapshot, TicketStatus};
use common::{Envelope, Event, OrderId};
use orders::domain::{LAST_POLL_TIMEOUT, Order, Status};

use crate::app::TestApp;
use crate::samples::{HOLD, payment, seller, then, ticket};

/// The overdue states published since the last call.
async fn overdue(app: &TestApp) -> Vec<(&'static str, u64)> {
    let published = app.service.published().await;
    let overdue = published.into_iter().filter(|envelope| envelope.event.is_overdue());
    overdue.map(|Envelope { event, version, .. }| (event.subject().as_str(), version)).collect()
}

fn reserved(order: OrderId) -> TicketSnapshot {
    let reserved = then(&ticket(TestApp::ticket_id(), seller()), TicketStatus::Reserved, Some(order));
    let deadline = runtime::testing::START.parse::<common::Time>().expect("a time").after(HOLD);
    TicketSnapshot { reserved_until: Some(deadline), ..reserved }
}

async fn passes(app: &TestApp, seconds: u64) {
    app.service.clock.advance(Duration::from_secs(seconds));
    app.service.settle().await;
}

#[tokio::test]
async fn an_order_that_tickets_does_not_answer_is_published_again_at_growing_intervals() {
    let (app, order) = TestApp::with_order().await;
    passes(&app, 9).await;
    assert_eq!(overdue(&app).await, []);
    let mut published = Vec::new();
    for second in 10..=75 {
        passes(&app, 1).await;
        let versions = overdue(&app).await;
        assert!(versions.iter().all(|(subject, _)| *subject == "order.created"), "{versions:?}");
        published.extend(versions.into_iter().map(|(_, version)| (second, version)));
    }
    assert_eq!(published, [(10, 2), (30, 3), (70, 4)]);
    let stored = app.order(order).await;
    assert_eq!((stored.updated_at, stored.republished), (stored.created_at, 3));
    app.consume_all([Event::TicketReserved(reserved(order))]).await;
    let locked = app.order(order).await;
    assert_eq!((locked.status, locked.republished), (Status::AwaitingPayment, 0));
}

#[tokio::test]
async fn an_order_waits_for_its_buyer_without_a_publication_and_expires_by_its_own_clock() {
    let (app, order) = TestApp::with_order().await;
    app.consume_all([Event::TicketReserved(reserved(order))]).await;
    app.published().await;
    app.service.clock.advance(HOLD + LAST_POLL_TIMEOUT.saturating_sub(Duration::from_millis(1)));
    assert_eq!(app.subjects().await, [""; 0]);
    app.service.clock.advance(Duration::from_millis(1));
    assert_eq!(app.subjects().await, ["order.cancelled"]);
    assert_eq!(app.order(order).await.status, Status::Cancelled(CancelReason::Expired));
    passes(&app, 3600).await;
    assert_eq!(app.subjects().await, [""; 0], "an order that is over awaits nothing");
}

#[tokio::test]
async fn an_accepted_payment_that_is_not_captured_is_published_again_at_growing_intervals() {
    let (app, order) = TestApp::with_order().await;
    let authorized = payment(order, PaymentStatus::Authorized);
    app.consume_all([Event::TicketReserved(reserved(order)), Event::PaymentAuthorized(authorized)]).await;
    app.published().await;
    passes(&app, 10).await;
    passes(&app, 20).await;
    assert_eq!(overdue(&app).await, [("order.payment-accepted", 4), ("order.payment-accepted", 5)]);
    // While the service is stopped, publications are missed and not made up for.
    passes(&app, 24 * 3600).await;
    assert_eq!(overdue(&app).await, [("order.payment-accepted", 6)]);
    app.consume_all([Event::PaymentCaptured(payment(order, PaymentStatus::Captured))]).await;
    assert_eq!(app.order(order).await.republished, 0);
}

/// The states in which an order answers, and those in which it awaits an event itself.
#[tokio::test]
async fn an_overdue_state_is_answered_by_an_order_that_does_not_wait_for_it() {
    let cancelled = Status::Cancelled(CancelReason::ByBuyer);
    let of = |status| move |order| PaymentSnapshot { overdue: true, ..payment(order, status) };
    for (status, answer) in [
        (Status::Paying, Some("order.payment-accepted")),
        (Status::Complete, Some("order.completed")),
        (cancelled, Some("order.cancelled")),
    ] {
        let (app, order) = TestApp::with_order().await;
        let placed = app.order(order).await;
        app.commit(common::Decision::without_event(Order { status, version: 2, ..placed })).await;
        app.published().await;
        let overdue_lock = Event::TicketReserved(TicketSnapshot { overdue: true, ..reserved(order) });
        let mut questions =
            vec![overdue_lock, Event::PaymentAuthorized(of(PaymentStatus::Authorized)(order))];
        match status {
            Status::Complete => {
                questions.push(Event::PaymentCaptured(of(PaymentStatus::Captured)(order)));
                questions.push(Event::PaymentRefunded(of(PaymentStatus::Captured)(order)));
            }
            Status::Cancelled(_) => {
                questions.push(Event::PaymentStarted(of(PaymentStatus::RequiresPayment)(order)));
                questions.push(Event::PaymentNotAuthorized(of(PaymentStatus::RequiresPayment)(order)));
                questions.push(Event::PaymentFailed(of(PaymentStatus::Failed)(order)));
            }
            _ => {}
        }
        for question in questions {
            app.consume_all([question.clone()]).await;
            let published = app.published().await;
            assert!(published.iter().all(|event| !event.is_overdue()), "an answer awaits no answer");
            let subjects: Vec<_> = published.iter().map(|event| event.subject().as_str()).collect();
            assert_eq!(subjects, Vec::from_iter(answer), "{question:?} while {status:?}");
        }
        assert_eq!(app.order(order).await.status, status);
    }
}

#[tokio::test]
async fn a_sale_that_orders_does_not_know_is_asked_for_a_minute_after_the_deadline() {
    let (app, order) = TestApp::with_order().await;
    app.consume_all([
        Event::TicketReserved(reserved(order)),
        Event::PaymentAuthorized(payment(order, PaymentStatus::Authorized)),
        Event::PaymentCaptured(payment(order, PaymentStatus::Captured)),
    ])
    .await;
    app.published().await;
    app.service.clock.advance(HOLD);
    passes(&app, 59).await;
    assert_eq!(overdue(&app).await, []);
    passes(&app, 1).await;
    assert_eq!(overdue(&app).await, [("order.completed", 5)]);
    let sold = TicketSnapshot { version: 9, ..then(&reserved(order), TicketStatus::Sold, Some(order)) };
    app.consume_all([Event::TicketSold(sold)]).await;
    passes(&app, 24 * 3600).await;
    assert_eq!(app.subjects().await, [""; 0]);
}

#[tokio::test]
async fn an_order_of_a_release_without_republication_can_be_read() {
    let (app, order) = TestApp::with_order().await;
    let stored = app.order(order).await;
    let json = serde_json::to_value(&stored).expect("JSON");
    assert!(json.get("republished").is_none(), "0 is omitted, as former releases wrote it");
    assert_eq!(serde_json::from_value::<Order>(json).expect("an order"), stored);
}
