//! Payments that are published again until their orders follow.

use std::time::Duration;

use common::event::{OrderSnapshot, OrderStatus, PaymentStatus, Subject};
use common::{Event, Money};
use payments::domain::Payment;
use payments::refund;
use runtime::testing::edit;
use uuid::Uuid;

use crate::app::{LONG, TestApp, VISA, intent_of};

impl TestApp {
    /// The overdue states published since the last call.
    async fn overdue(&self) -> Vec<Subject> {
        let published = self.service.published().await;
        let overdue = published.iter().filter(|envelope| envelope.event.is_overdue());
        overdue.map(common::Envelope::subject).collect()
    }

    /// Delivers an order of this version that orders published again.
    async fn deliver_overdue(&self, order: &OrderSnapshot, version: u64) {
        let order =
            OrderSnapshot { overdue: true, status: OrderStatus::Paying.into(), version, ..order.clone() };
        assert!(self.service.receive(order.id.into(), version, Event::OrderPaymentAccepted(order)).await);
    }
}

#[tokio::test]
async fn the_start_is_published_again_once_by_the_first_poll() {
    let (app, _, _) = TestApp::with_payment().await;
    let mut published = Vec::new();
    for _ in 0..5 {
        app.advance(Duration::from_secs(30)).await;
        published.extend(app.overdue().await);
    }
    assert_eq!(published, [Subject::PaymentStarted]);
}

#[tokio::test]
async fn an_authorization_is_published_again_by_every_poll_until_the_order_follows() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    assert_eq!(app.overdue().await, []);
    for _ in 0..3 {
        app.advance(LONG).await;
        assert_eq!(app.overdue().await, [Subject::PaymentAuthorized]);
    }
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    app.deliver_order(&order, OrderStatus::Complete, 4).await;
    app.advance(LONG).await;
    assert_eq!(app.overdue().await, []);
}

#[tokio::test]
async fn a_capture_is_published_again_until_the_order_is_complete() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    app.service.settle().await;
    app.published().await;
    // Orders publishes the acceptance again: the answer is the capture.
    app.deliver_overdue(&order, 4).await;
    assert_eq!(app.published().await, [Subject::PaymentCaptured]);
    // Orders is silent: the capture is published again at growing intervals.
    let mut published = 0;
    for _ in 0..30 {
        app.advance(Duration::from_secs(10)).await;
        published += app.overdue().await.iter().filter(|is| **is == Subject::PaymentCaptured).count();
    }
    assert_eq!(published, 4, "after 20, 60, 140 and 300 seconds");
    app.deliver_order(&order, OrderStatus::Complete, 5).await;
    app.advance(Duration::from_hours(1)).await;
    assert_eq!(app.overdue().await, []);
}

#[tokio::test]
async fn a_deadline_that_expiration_does_not_publish_is_answered_all_the_same() {
    let (app, order, begun) = TestApp::with_payment().await;
    app.advance(order.expires_at - app.service.context.clock.now()).await;
    app.published().await;
    for _ in 0..8 {
        app.advance(Duration::from_secs(1)).await;
    }
    assert_eq!(app.published().await, [Subject::PaymentNotAuthorized]);
    // The end of the order is lost, too.
    app.advance(Duration::from_secs(20)).await;
    assert_eq!(app.overdue().await, [Subject::PaymentNotAuthorized]);
    app.deliver_order(&order, OrderStatus::Cancelled, 3).await;
    app.service.settle().await;
    assert_eq!(app.stored(&begun).await.status, PaymentStatus::Voided);
    app.advance(Duration::from_hours(1)).await;
    assert_eq!(app.overdue().await, []);
}

#[tokio::test]
async fn a_refund_is_published_again_until_the_order_shows_it() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    app.deliver_order(&order, OrderStatus::Complete, 4).await;
    app.service.settle().await;
    refund(&app.service.context.store, &app.service.context.clock, order.id).await.expect("a paid order");
    app.advance(LONG).await;
    assert_eq!(app.stored(&begun).await.status, PaymentStatus::Refunded);
    app.overdue().await;
    app.advance(Duration::from_mins(1)).await;
    assert_eq!(app.overdue().await, [Subject::PaymentRefunded]);
    let shown = OrderSnapshot {
        refunded: Some(Money { amount: 2500, ..order.ticket.price }),
        status: OrderStatus::Complete.into(),
        version: 5,
        ..order.clone()
    };
    assert!(app.service.receive(order.id.into(), 5, Event::OrderCompleted(shown)).await);
    app.service.settle().await;
    assert!(!app.stored(&begun).await.unconfirmed);
    app.advance(Duration::from_hours(1)).await;
    assert_eq!(app.overdue().await, []);
}

#[tokio::test]
async fn a_payment_with_a_status_of_a_newer_release_holds_up_no_other_order() {
    let app = TestApp::start().await;
    let (_, unreadable) = app.begin().await;
    let (order, begun) = app.begin().await;
    let id: Uuid = unreadable["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    edit::<Payment>(&app.service.context.store, id, |state| state["status"] = "on-hold".into()).await;
    app.advance(order.expires_at - app.service.context.clock.now()).await;
    app.published().await;
    for _ in 0..8 {
        app.advance(Duration::from_secs(1)).await;
    }
    assert_eq!(app.published().await, [Subject::PaymentNotAuthorized]);
    assert_eq!(app.stored(&begun).await.status, PaymentStatus::RequiresPayment);
}
