//! `POST /api/payments`

use common::event::OrderStatus;
use serde_json::json;
use stripe_sim::Status;

use crate::app::{LONG, TestApp};

#[tokio::test]
async fn a_payment_begins_with_everything_that_the_browser_needs() {
    let app = TestApp::start().await;
    let order = app.order().await;
    let reply = app.pay(&order).await;
    assert_eq!(reply.status, 201, "{}", reply.json);
    assert_eq!(reply.json["orderId"], json!(order.id));
    assert_eq!(reply.json["status"], "requires-payment");
    assert_eq!(reply.json["amount"], json!({"amount": 2500, "currency": "USD"}));
    assert_eq!(reply.json["publishableKey"], "pk_test_sim");
    assert_eq!(reply.json["stripeJs"], "http://127.0.0.1:12111/stripe.js");
    assert_eq!(
        reply.header("location"),
        format!("/api/payments/{}", reply.json["id"].as_str().expect("an id"))
    );
    assert_eq!(reply.header("cache-control"), "private, no-store");

    let intents = app.intents().await;
    assert_eq!((intents.len(), intents[0].status), (1, Status::RequiresPaymentMethod));
    let metadata = json!(intents[0].metadata);
    let expected = json!({
        "payment": reply.json["id"], "order": order.id, "ticket": order.ticket.id, "buyer": order.user_id,
        "order_version": "2",
    });
    assert_eq!(metadata, expected);
}

#[tokio::test]
async fn an_order_has_one_payment_however_often_it_is_asked_for() {
    let (app, order, first) = TestApp::with_payment().await;
    let again = app.pay(&order).await;
    assert_eq!((again.status, &again.json), (200, &first));
    assert_eq!(app.intents().await.len(), 1);
}

#[tokio::test]
async fn of_several_at_once_one_creates_the_payment() {
    let app = TestApp::start().await;
    let order = app.order().await;
    let (a, b, c, d) = tokio::join!(app.pay(&order), app.pay(&order), app.pay(&order), app.pay(&order));
    let mut statuses = [a.status, b.status, c.status, d.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 201]);
    assert!([&b, &c, &d].iter().all(|reply| reply.json == a.json), "all see the same payment");
    assert_eq!(app.intents().await.len(), 1);
}

#[tokio::test]
async fn only_the_buyer_of_a_known_order_can_pay_it() {
    let app = TestApp::start().await;
    let order = app.order().await;
    let body = json!({ "orderId": order.id });
    let anonymous = app.service.anonymous().post("/api/payments", body.clone()).await;
    assert_eq!((anonymous.status, anonymous.code()), (401, "not-signed-in"));
    let stranger = app.service.person("bob");
    let reply = app.service.by(&stranger).post("/api/payments", body).await;
    assert_eq!((reply.status, reply.code()), (403, "not-yours"));
    let unknown = app.pay(&app.new_order()).await;
    assert_eq!((unknown.status, unknown.code()), (404, "not-found"));
    assert!(app.intents().await.is_empty());
}

#[tokio::test]
async fn an_order_that_was_placed_a_moment_ago_is_waited_for() {
    let app = TestApp::start().await;
    let order = app.new_order();
    let (reply, ()) = tokio::join!(app.pay(&order), app.deliver_order(&order, OrderStatus::Created, 1));
    assert_eq!(reply.status, 201, "{}", reply.json);
}

#[tokio::test]
async fn an_order_that_needs_no_payment_gets_none() {
    let app = TestApp::start().await;
    for (status, code) in [
        (OrderStatus::Cancelled, "order-cancelled"),
        (OrderStatus::Paying, "order-paying"),
        (OrderStatus::Complete, "order-complete"),
    ] {
        let order = app.order().await;
        app.deliver_order(&order, status, 3).await;
        let reply = app.pay(&order).await;
        assert_eq!((reply.status, reply.code()), (409, code));
    }
    assert!(app.intents().await.is_empty());
}

#[tokio::test]
async fn a_body_that_names_no_order_is_refused() {
    let app = TestApp::start().await;
    for (body, field) in [
        (json!({}), "orderId"),
        (json!({"orderId": null}), "orderId"),
        (json!({"orderId": "7"}), "orderId"),
        (json!({"orderId": 7}), "orderId"),
        (json!({"orderId": {"$gt": ""}}), "orderId"),
        (json!({"orderId": "0192f0c0-7c1e-7e3a-8000-1234567890ab", "amount": 1}), "amount"),
    ] {
        let reply = app.caller().post("/api/payments", body.clone()).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, "not-valid", vec![field]), "{body}");
    }
}

#[tokio::test]
async fn while_stripe_is_unavailable_the_reply_is_503_and_the_next_request_continues() {
    let mut app = TestApp::start().await;
    let order = app.order().await;
    app.stop_stripe().await;
    let reply = app.pay(&order).await;
    assert_eq!((reply.status, reply.code()), (503, "unavailable"));
    // If the worker tried before the caller did, the backoff has doubled once.
    assert!(matches!(reply.header("retry-after"), "1" | "2"), "{}", reply.header("retry-after"));
    assert_eq!(app.status(&order).await, "requires-payment", "the step remains");
    app.start_stripe().await;
    let reply = app.pay(&order).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    assert_eq!(app.intents().await.len(), 1);
}

#[tokio::test]
async fn the_worker_creates_what_the_buyer_could_not() {
    let mut app = TestApp::start().await;
    let order = app.order().await;
    app.stop_stripe().await;
    assert_eq!(app.pay(&order).await.status, 503);
    app.start_stripe().await;
    app.advance(LONG).await;
    assert_eq!(app.intents().await.len(), 1);
    assert_eq!(app.pay(&order).await.status, 200);
}

#[tokio::test]
async fn an_order_that_ends_while_its_payment_begins_leaves_nothing_open() {
    let app = TestApp::start().await;
    for _ in 0..10 {
        let order = app.order().await;
        let (reply, ()) = tokio::join!(app.pay(&order), app.deliver_order(&order, OrderStatus::Cancelled, 3));
        assert!(matches!(reply.status, 201 | 409), "{}", reply.json);
        let status = app.status(&order).await;
        assert!(matches!(status.as_str(), "voided" | "none"), "{status}");
    }
    assert!(app.intent_states().await.iter().all(|status| *status == Status::Canceled));
}

#[tokio::test]
async fn a_payment_that_never_reached_stripe_is_voided_without_it() {
    let mut app = TestApp::start().await;
    let order = app.order().await;
    app.stop_stripe().await;
    assert_eq!(app.pay(&order).await.status, 503);
    app.deliver_order(&order, OrderStatus::Cancelled, 3).await;
    assert_eq!(app.status(&order).await, "voiding", "it might have reached Stripe");
    app.start_stripe().await;
    app.advance(LONG).await;
    app.advance(LONG).await;
    assert_eq!(app.status(&order).await, "voided");
    assert!(app.intent_states().await.iter().all(|status| *status == Status::Canceled));
}
