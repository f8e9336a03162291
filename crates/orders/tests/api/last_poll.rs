//! The last poll of a payment in progress, as orders decides on it.

use std::time::Duration;

use common::event::{CancelReason, DeadlinePassed, PaymentSnapshot, PaymentStatus, TicketStatus};
use common::{Event, OrderId, Time};
use orders::domain::{LAST_POLL_TIMEOUT, Order, Status};

use crate::app::TestApp;
use crate::samples::{HOLD, noon, payment, seller, then, ticket};

const EXPIRED: Status = Status::Cancelled(CancelReason::Expired);

fn passed(order_id: OrderId) -> Event {
    Event::ExpirationCompleted(DeadlinePassed { order_id, expires_at: noon() })
}

fn started(order: OrderId) -> Event {
    Event::PaymentStarted(payment(order, PaymentStatus::RequiresPayment))
}

fn not_authorized(order: OrderId) -> Event {
    Event::PaymentNotAuthorized(payment(order, PaymentStatus::RequiresPayment))
}

fn authorized(order: OrderId, authorized_at: Time) -> Event {
    let payment = payment(order, PaymentStatus::Authorized);
    Event::PaymentAuthorized(PaymentSnapshot { authorized_at: Some(authorized_at), ..payment })
}

/// An order that awaits a payment which has started, at its deadline.
async fn at_deadline() -> (TestApp, OrderId) {
    let (app, order) = TestApp::with_order().await;
    let locked = then(&ticket(TestApp::ticket_id(), seller()), TicketStatus::Reserved, Some(order));
    app.consume_all([Event::TicketReserved(locked), started(order), started(order)]).await;
    app.service.clock.advance(HOLD);
    app.consume_all([passed(order)]).await;
    assert_eq!(app.order(order).await.status, Status::AwaitingPayment);
    app.published().await;
    (app, order)
}

#[tokio::test]
async fn a_payment_in_progress_is_recorded_once_and_publishes_nothing() {
    let (app, order) = TestApp::with_order().await;
    app.consume_all([started(order), started(order)]).await;
    let recorded = app.order(order).await;
    assert_eq!((recorded.version, recorded.payment_in_progress), (2, true));
    assert_eq!(app.subjects().await, ["order.created"]);
}

#[tokio::test]
async fn an_order_whose_last_poll_has_no_answer_expires_after_15_seconds() {
    let (app, order) = at_deadline().await;
    app.service.clock.advance(LAST_POLL_TIMEOUT.saturating_sub(Duration::from_millis(1)));
    app.service.settle().await;
    assert_eq!(app.order(order).await.status, Status::AwaitingPayment);
    app.service.clock.advance(Duration::from_millis(1));
    app.service.settle().await;
    assert_eq!(app.order(order).await.status, EXPIRED);
    assert_eq!(app.subjects().await, ["order.cancelled"]);
}

#[tokio::test]
async fn an_order_expires_though_expiration_is_silent_and_its_payment_starts_after_the_deadline() {
    let (app, order) = TestApp::with_order().await;
    app.service.clock.advance(HOLD + LAST_POLL_TIMEOUT + Duration::from_mins(1));
    app.consume_all([started(order)]).await;
    app.service.clock.advance(Duration::from_secs(5));
    app.service.settle().await;
    assert_eq!(app.order(order).await.status, EXPIRED);
}

#[tokio::test]
async fn a_payment_that_was_not_authorized_expires_the_order_at_once() {
    let (app, order) = at_deadline().await;
    app.consume_all([not_authorized(order), not_authorized(order)]).await;
    assert_eq!(app.order(order).await.status, EXPIRED);
    assert_eq!(app.subjects().await, ["order.cancelled"]);
}

#[tokio::test]
async fn an_answer_before_the_deadline_by_the_clock_of_orders_decides_nothing() {
    let (app, order) = TestApp::with_order().await;
    app.consume_all([started(order), not_authorized(order)]).await;
    assert_eq!(app.order(order).await.status, Status::Created);
}

#[tokio::test]
async fn the_time_of_stripe_decides_and_the_second_of_the_deadline_is_in_time() {
    for (delay, status) in [(0, Status::Paying), (999, Status::Paying), (1000, EXPIRED)] {
        let (app, order) = at_deadline().await;
        app.service.clock.advance(Duration::from_secs(14));
        let expires_at = app.order(order).await.expires_at;
        let second = Time::from_millis(expires_at.as_millis() / 1000 * 1000);
        app.consume_all([authorized(order, second.after(Duration::from_millis(delay)))]).await;
        assert_eq!(app.order(order).await.status, status, "{delay} ms");
    }
}

#[tokio::test]
async fn an_order_that_has_expired_accepts_no_payment_whenever_it_was_authorized() {
    let (app, order) = at_deadline().await;
    app.consume_all([not_authorized(order), authorized(order, noon())]).await;
    assert_eq!(app.order(order).await.status, EXPIRED);
    assert_eq!(app.subjects().await, ["order.cancelled", "order.cancelled"], "payments must void");
}

#[tokio::test]
async fn an_order_of_a_release_without_the_last_poll_expires_at_its_deadline() {
    let (app, order) = TestApp::with_order().await;
    let mut json = serde_json::to_value(app.order(order).await).expect("JSON");
    assert!(json.as_object_mut().expect("an order").remove("paymentInProgress").is_some());
    let order: Order = serde_json::from_value(json).expect("an order");
    assert!(order.expire(order.expires_at).is_ok_and(|decision| decision.is_some()));
}
