//! The last poll at the deadline of an order, and the poll that a browser asks for.

use std::time::Duration;

use common::event::{DeadlinePassed, OrderSnapshot, OrderStatus, PaymentStatus, Subject};
use common::{Event, Time};
use payments::domain::LAST_POLL_DELAY;

use crate::app::{TestApp, VISA, intent_of};

impl TestApp {
    /// The order's deadline has passed; expiration publishes it.
    async fn deadline_passes(&self, order: &OrderSnapshot) {
        self.service.clock.advance(order.expires_at - self.service.context.clock.now());
        self.service.settle().await;
        self.deliver_deadline(order).await;
    }

    async fn deliver_deadline(&self, order: &OrderSnapshot) {
        let passed = DeadlinePassed { order_id: order.id, expires_at: order.expires_at };
        assert!(self.service.receive(order.id.into(), 2, Event::ExpirationCompleted(passed)).await);
    }
}

#[tokio::test]
async fn a_payment_that_is_not_authorized_answers_the_deadline_once() {
    let (app, order, begun) = TestApp::with_payment().await;
    let started = app.service.published().await;
    assert!(matches!(&started[..], [envelope] if envelope.subject() == Subject::PaymentStarted));
    app.deadline_passes(&order).await;
    assert_eq!(app.published().await, [] as [Subject; 0], "the second of the deadline is in time");
    app.advance(LAST_POLL_DELAY).await;
    app.deliver_deadline(&order).await;
    app.advance(LAST_POLL_DELAY).await;
    assert_eq!(app.published().await, [Subject::PaymentNotAuthorized]);
    assert_eq!(app.stored(&begun).await.status, PaymentStatus::RequiresPayment);
}

#[tokio::test]
async fn a_card_that_was_confirmed_before_the_deadline_is_published_with_the_time_of_stripe() {
    let (app, order, begun) = TestApp::with_payment().await;
    app.advance(order.expires_at.before(Duration::from_secs(1)) - app.service.context.clock.now()).await;
    let confirmed_at = app.service.context.clock.now();
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.published().await;
    app.deadline_passes(&order).await;
    app.advance(LAST_POLL_DELAY).await;
    let published = app.service.published().await;
    let [Event::PaymentAuthorized(payment)] =
        &published.iter().map(|envelope| envelope.event.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("{published:?}")
    };
    let seconds = payment.authorized_at.map(Time::as_millis);
    assert_eq!(seconds, Some(confirmed_at.as_millis() / 1000 * 1000));
}

#[tokio::test]
async fn an_authorization_that_orders_may_have_missed_is_published_again_at_the_deadline() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    app.published().await;
    app.deadline_passes(&order).await;
    app.advance(LAST_POLL_DELAY).await;
    app.advance(LAST_POLL_DELAY).await;
    assert_eq!(app.published().await, [Subject::PaymentAuthorized]);
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    app.service.settle().await;
    assert_eq!(app.stored(&begun).await.status, PaymentStatus::Captured);
}

#[tokio::test]
async fn while_stripe_is_unavailable_the_last_poll_is_retried_and_answers_nothing_untrue() {
    let (mut app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.published().await;
    app.stop_stripe().await;
    app.deadline_passes(&order).await;
    for _ in 0..5 {
        app.advance(Duration::from_secs(1)).await;
    }
    assert_eq!(app.published().await, [] as [Subject; 0]);
    app.start_stripe().await;
    for _ in 0..5 {
        app.advance(Duration::from_secs(1)).await;
    }
    assert_eq!(app.published().await, [Subject::PaymentAuthorized]);
}

#[tokio::test]
async fn a_payment_without_a_payment_intent_answers_at_once_because_nothing_can_be_authorized() {
    let mut app = TestApp::start().await;
    let order = app.order().await;
    app.stop_stripe().await;
    assert_eq!(app.pay(&order).await.status, 503);
    app.published().await;
    app.deadline_passes(&order).await;
    assert_eq!(app.published().await, [Subject::PaymentNotAuthorized]);
}

#[tokio::test]
async fn a_deadline_without_a_payment_in_progress_is_ignored() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    app.service.settle().await;
    app.published().await;
    app.deliver_deadline(&order).await;
    app.deliver_deadline(&app.new_order()).await;
    app.advance(LAST_POLL_DELAY).await;
    assert_eq!(app.published().await, [] as [Subject; 0]);
}

#[tokio::test]
async fn a_page_that_reads_the_payment_makes_stripe_be_polled_in_a_moment() {
    let (app, order, begun) = TestApp::with_payment().await;
    // The next poll is about a minute away.
    app.advance(Duration::from_mins(4)).await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.advance(Duration::from_secs(1)).await;
    assert_eq!(app.status(&order).await, "requires-payment");
    let path = format!("/api/payments/{}", begun["id"].as_str().expect("an id"));
    for _ in 0..3 {
        let read = app.caller().get(&path).await;
        assert_eq!((read.status, &read.json["id"]), (200, &begun["id"]));
    }
    app.advance(Duration::from_secs(1)).await;
    assert_eq!(app.status(&order).await, "authorized");
}
