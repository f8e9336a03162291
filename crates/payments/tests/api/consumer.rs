//! The consumer: events of orders.

use common::Event;
use common::event::{OrderSnapshot, OrderStatus, Subject, Word};
use stripe_sim::Status;

use crate::app::{LONG, TestApp, VISA, intent_of};

#[tokio::test]
async fn an_accepted_payment_is_captured_and_announced_once() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    for _ in 0..2 {
        app.deliver_order(&order, OrderStatus::Paying, 3).await;
    }
    assert_eq!(app.status(&order).await, "captured");
    for status in [OrderStatus::Complete, OrderStatus::Complete, OrderStatus::Paying] {
        app.deliver_order(&order, status, 4).await;
    }
    app.webhook("payment_intent.succeeded", &intent_of(&begun)).await;
    assert_eq!(app.status(&order).await, "captured");
    assert_eq!(app.captured().await, 2500);
    assert_eq!(app.published().await, [Subject::PaymentAuthorized, Subject::PaymentCaptured]);
}

#[tokio::test]
async fn nothing_is_captured_before_the_order_accepts_it() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    for status in [OrderStatus::Created, OrderStatus::AwaitingPayment] {
        app.deliver_order(&order, status, 9).await;
        app.advance(LONG).await;
    }
    assert_eq!(app.status(&order).await, "authorized");
    assert_eq!(app.captured().await, 0);
}

#[tokio::test]
async fn a_payment_confirmed_after_its_order_was_cancelled_is_voided_and_never_captured() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    for _ in 0..2 {
        app.deliver_order(&order, OrderStatus::Cancelled, 3).await;
    }
    assert_eq!(app.status(&order).await, "voided");
    assert_eq!(app.intent_states().await, [Status::Canceled]);
    app.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    assert_eq!(app.status(&order).await, "voided");
    assert_eq!(app.published().await, [Subject::PaymentVoided]);
}

#[tokio::test]
async fn an_authorized_payment_of_an_order_that_ends_is_voided() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.advance(LONG).await;
    app.deliver_order(&order, OrderStatus::Cancelled, 3).await;
    assert_eq!(app.status(&order).await, "voided");
    assert_eq!(app.confirm(&begun, VISA).await, 400, "no card is taken any more");
    assert_eq!(app.published().await, [Subject::PaymentAuthorized, Subject::PaymentVoided]);
}

#[tokio::test]
async fn events_that_arrive_late_or_in_another_order_change_nothing() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.advance(LONG).await;
    app.deliver_order(&order, OrderStatus::Cancelled, 5).await;
    for (status, version) in [
        (OrderStatus::Paying, 4),
        (OrderStatus::AwaitingPayment, 2),
        (OrderStatus::Created, 1),
        (OrderStatus::Cancelled, 5),
    ] {
        app.deliver_order(&order, status, version).await;
    }
    assert_eq!(app.status(&order).await, "voided");
    assert_eq!((app.captured().await, app.pay(&order).await.code()), (0, "order-cancelled"));
}

#[tokio::test]
async fn an_acceptance_that_arrives_before_the_order_is_captured_all_the_same() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.advance(LONG).await;
    app.deliver_order(&order, OrderStatus::Complete, 4).await;
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    assert_eq!(app.status(&order).await, "captured");
    assert_eq!(app.captured().await, 2500);
}

#[tokio::test]
async fn an_authorization_that_the_bank_let_go_of_fails_the_accepted_order() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.advance(LONG).await;
    let path = format!("/v1/payment_intents/{}/cancel", intent_of(&begun));
    assert_eq!(app.call_stripe(&path, "sk_test_sim", String::new()).await.0, 200);
    app.advance(LONG).await;
    assert_eq!(app.status(&order).await, "voided");
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    assert_eq!(app.status(&order).await, "failed");
    let expected = [Subject::PaymentAuthorized, Subject::PaymentVoided, Subject::PaymentFailed];
    assert_eq!(app.published().await, expected);
}

#[tokio::test]
async fn an_order_of_an_unknown_status_captures_and_voids_nothing() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    let status = Word::Unknown("of-a-newer-release".to_owned());
    let newer = OrderSnapshot { status, version: 3, ..order.clone() };
    // Whichever the subject, the status decides.
    for (event, version) in [(Event::OrderPaymentAccepted as fn(_) -> _, 3), (Event::OrderCancelled, 4)] {
        let newer = OrderSnapshot { version, ..newer.clone() };
        assert!(app.service.receive(order.id.into(), version, event(newer)).await);
        app.advance(LONG).await;
    }
    assert_eq!((app.status(&order).await, app.captured().await), ("authorized".to_owned(), 0));
    app.deliver_order(&order, OrderStatus::Paying, 5).await;
    assert_eq!((app.status(&order).await, app.captured().await), ("captured".to_owned(), 2500));
}
