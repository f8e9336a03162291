//! `POST /api/payments/webhook`

use common::event::{OrderStatus, PaymentStatus, Subject};
use serde_json::json;
use stripe_sim::Status;

use crate::app::{DECLINED, LONG, TestApp, VISA, intent_of};

const CAPTURABLE: &str = "payment_intent.amount_capturable_updated";

#[tokio::test]
async fn a_webhook_makes_the_payment_authorized_once() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    for _ in 0..3 {
        assert_eq!(app.webhook(CAPTURABLE, &intent_of(&begun)).await.status, 200);
    }
    assert_eq!(app.status(&order).await, "authorized");
    assert_eq!(app.published().await, [Subject::PaymentAuthorized]);
}

#[tokio::test]
async fn a_webhook_is_only_a_hint() {
    let (app, order, begun) = TestApp::with_payment().await;
    for kind in [CAPTURABLE, "payment_intent.succeeded", "payment_intent.canceled"] {
        assert_eq!(app.webhook(kind, &intent_of(&begun)).await.status, 200);
    }
    assert_eq!(app.status(&order).await, "requires-payment");
}

#[tokio::test]
async fn a_declined_card_is_shown_and_another_card_pays() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, DECLINED).await, 402);
    assert_eq!(app.webhook("payment_intent.payment_failed", &intent_of(&begun)).await.status, 200);
    let payment = app.payment(order.id).await;
    assert_eq!(payment["status"], "requires-payment");
    assert_eq!(payment["lastError"]["code"], "card_declined");
    assert!(payment["lastError"]["message"].as_str().is_some_and(|words| !words.is_empty()));

    assert_eq!(app.confirm(&begun, VISA).await, 200);
    assert_eq!(app.webhook(CAPTURABLE, &intent_of(&begun)).await.status, 200);
    let payment = app.payment(order.id).await;
    assert_eq!((&payment["status"], payment.get("lastError")), (&json!("authorized"), None));
}

#[tokio::test]
async fn forged_stale_and_unsigned_webhooks_are_refused() {
    let (app, _, begun) = TestApp::with_payment().await;
    let body =
        json!({"id": "evt_1", "type": CAPTURABLE, "data": {"object": {"id": intent_of(&begun)}}}).to_string();
    for (secret, age, status) in [
        ("whsec_sim", 0, 200),
        ("whsec_old", 0, 200),
        ("whsec_sim", 300, 200),
        ("whsec_sim", 301, 400),
        ("whsec_sim", -301, 400),
        ("whsec_forged", 0, 400),
        ("", 0, 400),
    ] {
        let reply = app.signed(secret, &body, age).await;
        assert_eq!(reply.status, status, "{secret} {age}");
        assert!(status == 200 || reply.code() == "bad-signature");
    }
    let unsigned = app.service.anonymous().post("/api/payments/webhook", json!({"id": "evt_1"})).await;
    assert_eq!((unsigned.status, unsigned.code()), (400, "bad-signature"));
}

#[tokio::test]
async fn webhooks_that_do_not_concern_us_are_taken_and_malformed_ones_are_not() {
    let app = TestApp::start().await;
    for (body, status) in [
        (
            json!({"id": "evt_1", "type": "a.type.of.tomorrow", "data": {"object": {"id": 7}}}).to_string(),
            400,
        ),
        (json!({"id": "evt_1", "type": "a.type.of.tomorrow", "data": {"object": {}}}).to_string(), 200),
        (
            json!({"id": "evt_1", "type": "customer.created", "data": {"object": {"id": "cus_1"}}})
                .to_string(),
            200,
        ),
        (
            json!({"id": "evt_1", "type": CAPTURABLE, "data": {"object": {"id": "pi_unknown"}}}).to_string(),
            200,
        ),
        (json!({"id": "evt_1", "type": CAPTURABLE}).to_string(), 200),
        ("nonsense".to_owned(), 400),
        (String::new(), 400),
    ] {
        assert_eq!(app.signed("whsec_sim", &body, 0).await.status, status, "{body}");
    }
}

#[tokio::test]
async fn an_intent_of_another_program_on_the_same_account_is_left_alone() {
    let app = TestApp::start().await;
    let form = "amount=100&currency=usd&capture_method=manual".to_owned();
    let (status, intent) = app.call_stripe("/v1/payment_intents", "sk_test_sim", form).await;
    assert_eq!(status, 200, "{intent}");
    assert_eq!(
        app.webhook("payment_intent.created", intent["id"].as_str().expect("an id")).await.status,
        200
    );
    assert_eq!(app.intent_states().await, [Status::RequiresPaymentMethod]);
}

#[tokio::test]
async fn a_second_intent_of_one_payment_is_cancelled() {
    let (app, order, begun) = TestApp::with_payment().await;
    let payment = begun["id"].as_str().expect("an id");
    app.advance(std::time::Duration::from_secs(1)).await;
    let form = format!("amount=2500&currency=usd&capture_method=manual&metadata[payment]={payment}");
    let (status, orphan) = app.call_stripe("/v1/payment_intents", "sk_test_sim", form).await;
    assert_eq!(status, 200, "{orphan}");
    assert_eq!(
        app.webhook("payment_intent.created", orphan["id"].as_str().expect("an id")).await.status,
        200
    );
    assert_eq!(app.intent_states().await, [Status::RequiresPaymentMethod, Status::Canceled]);
    assert_eq!(app.status(&order).await, "requires-payment");
}

#[tokio::test]
async fn a_webhook_that_comes_while_stripe_is_unavailable_is_accepted_and_applied_later() {
    let (mut app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.stop_stripe().await;
    assert_eq!(app.webhook(CAPTURABLE, &intent_of(&begun)).await.status, 200);
    assert_eq!(app.webhook(CAPTURABLE, "pi_unknown").await.status, 503, "nothing durable leads to it");
    app.start_stripe().await;
    app.advance(std::time::Duration::from_secs(2)).await;
    assert_eq!(app.status(&order).await, "authorized");
}

#[tokio::test]
async fn a_webhook_that_never_comes_does_not_matter() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.advance(std::time::Duration::from_secs(3)).await;
    assert_eq!(app.status(&order).await, "authorized");
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    assert_eq!(app.status(&order).await, "captured");
    app.advance(LONG).await;
    assert_eq!(app.published().await, [Subject::PaymentAuthorized, Subject::PaymentCaptured]);
}

#[tokio::test]
async fn the_consequence_of_a_webhook_is_durable_before_it_is_answered() {
    let (app, _, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    assert_eq!(app.webhook(CAPTURABLE, &intent_of(&begun)).await.status, 200);
    assert_eq!(app.stored(&begun).await.status, PaymentStatus::Authorized);
    let app = app.restart().await;
    assert_eq!(app.stored(&begun).await.status, PaymentStatus::Authorized);
}

#[tokio::test]
async fn webhooks_that_come_late_and_in_the_wrong_order_change_nothing() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    for kind in ["payment_intent.succeeded", CAPTURABLE, "payment_intent.created"] {
        assert_eq!(app.webhook(kind, &intent_of(&begun)).await.status, 200);
    }
    assert_eq!(app.status(&order).await, "authorized");
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    assert_eq!(app.status(&order).await, "captured");
    for kind in
        ["payment_intent.succeeded", CAPTURABLE, "payment_intent.payment_failed", "payment_intent.created"]
    {
        assert_eq!(app.webhook(kind, &intent_of(&begun)).await.status, 200);
    }
    assert_eq!(app.status(&order).await, "captured");
    assert_eq!(app.published().await, [Subject::PaymentAuthorized, Subject::PaymentCaptured]);
}

#[tokio::test]
async fn a_webhook_may_be_large_and_not_huge() {
    let app = TestApp::start().await;
    for (padding, status) in [(60 * 1024, 200), (64 * 1024, 413), (4 * 1024 * 1024, 413)] {
        let body =
            json!({"id": "evt_1", "type": "a.type.of.tomorrow", "more": "x".repeat(padding)}).to_string();
        assert_eq!(app.signed("whsec_sim", &body, 0).await.status, status, "{padding}");
    }
}
