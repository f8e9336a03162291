//! The steps, with everything that can go wrong in them.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use common::event::{OrderSnapshot, OrderStatus, Subject};
use common::{Clock, poll_until};
use futures::FutureExt;
use payments::domain::LEASE;
use runtime::testing::Reply;
use serde_json::Value;
use stripe_sim::{Faults, Status};

use crate::app::{LONG, TestApp, VISA, intent_of};

async fn authorized() -> (TestApp, OrderSnapshot, Value) {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    assert_eq!(app.published().await, [Subject::PaymentAuthorized]);
    (app, order, begun)
}

/// Lets every retry of a step happen.
async fn run_retries(app: &TestApp) {
    for _ in 0..6 {
        app.advance(LONG).await;
    }
}

type Fault = fn(&mut Faults);

fn faults() -> [(&'static str, Fault); 5] {
    [
        ("answered by 500 after it was done", |faults| faults.api.fail_after_commit = 1),
        ("answered by 500 twice after it was done", |faults| faults.api.fail_after_commit = 2),
        ("answered by 500 before it was done", |faults| faults.api.fail_before = 3),
        ("too many requests", |faults| faults.api.rate_limit = 3),
        ("nothing goes wrong", |_| {}),
    ]
}

#[tokio::test]
async fn whatever_goes_wrong_one_intent_is_created() {
    for (name, fault) in faults() {
        let app = TestApp::start().await;
        let order = app.order().await;
        app.sim.faults().set(fault);
        let first = app.pay(&order).await;
        assert!(matches!(first.status, 201 | 503), "{name}: {}", first.json);
        run_retries(&app).await;
        let begun = app.pay(&order).await;
        assert_eq!(begun.status, 200, "{name}: {}", begun.json);
        assert_eq!(app.intent_states().await, [Status::RequiresPaymentMethod], "{name}");
        app.sim.faults().clear();
        assert_eq!(app.confirm(&begun.json, VISA).await, 200, "{name}: the buyer was given its secret");
    }
}

#[tokio::test]
async fn whatever_goes_wrong_the_money_is_taken_once() {
    for (name, fault) in faults() {
        let (app, order, _) = authorized().await;
        app.sim.faults().set(fault);
        app.deliver_order(&order, OrderStatus::Paying, 3).await;
        run_retries(&app).await;
        assert_eq!(app.status(&order).await, "captured", "{name}");
        assert_eq!(app.captured().await, 2500, "{name}");
        assert_eq!(app.published().await, [Subject::PaymentCaptured], "{name}");
    }
}

#[tokio::test]
async fn whatever_goes_wrong_the_money_is_let_go_of() {
    for (name, fault) in faults() {
        let (app, order, _) = authorized().await;
        app.sim.faults().set(fault);
        app.deliver_order(&order, OrderStatus::Cancelled, 3).await;
        run_retries(&app).await;
        assert_eq!(app.status(&order).await, "voided", "{name}");
        assert_eq!(app.intent_states().await, [Status::Canceled], "{name}");
        assert_eq!(app.published().await, [Subject::PaymentVoided], "{name}");
    }
}

#[tokio::test]
async fn whatever_goes_wrong_a_capture_that_is_refused_for_good_lets_go_of_the_money() {
    for (name, fault) in faults() {
        let (app, order, _) = authorized().await;
        app.sim.faults().set(fault);
        app.sim.faults().set(|faults| faults.capture_fails = 9);
        app.deliver_order(&order, OrderStatus::Paying, 3).await;
        run_retries(&app).await;
        assert_eq!(app.status(&order).await, "failed", "{name}");
        assert!(app.payment(order.id).await["lastError"]["code"].is_string(), "{name}");
        assert_eq!((app.captured().await, app.intent_states().await), (0, vec![Status::Canceled]), "{name}");
        assert_eq!(app.published().await, [Subject::PaymentFailed], "{name}");
    }
}

#[tokio::test]
async fn a_capture_waits_for_stripe_as_long_as_it_takes() {
    let (mut app, order, _) = authorized().await;
    app.stop_stripe().await;
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    run_retries(&app).await;
    assert_eq!(app.status(&order).await, "capturing");
    app.start_stripe().await;
    app.advance(LONG).await;
    assert_eq!((app.status(&order).await.as_str(), app.captured().await), ("captured", 2500));
}

#[tokio::test]
async fn stripe_is_left_alone_for_as_long_as_it_asks() {
    let (app, order, begun) = authorized().await;
    app.sim.faults().set(|faults| faults.api.rate_limit = 1);
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    assert_eq!(app.status(&order).await, "capturing");
    // Our own first delay is a second; the simulator asks for three.
    for _ in 0..2 {
        app.advance(Duration::from_secs(1)).await;
        let hinted = app.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
        assert_eq!((hinted.status, app.captured().await), (200, 0), "not for a hint, either");
    }
    app.advance(Duration::from_secs(1)).await;
    assert_eq!((app.status(&order).await.as_str(), app.captured().await), ("captured", 2500));
}

#[tokio::test]
async fn a_stop_does_not_end_a_step() {
    for (status, end) in
        [(OrderStatus::Paying, Status::Succeeded), (OrderStatus::Cancelled, Status::Canceled)]
    {
        let (mut app, order, _) = authorized().await;
        app.stop_stripe().await;
        app.deliver_order(&order, status, 3).await;
        let mut app = app.restart().await;
        app.start_stripe().await;
        app.advance(LONG).await;
        assert_eq!(app.intent_states().await, [end]);
        assert_eq!(app.published().await.len(), 1);
    }
}

#[tokio::test]
async fn a_crash_during_the_capture_is_recovered() {
    for performed in [false, true] {
        let (mut app, order, begun) = authorized().await;
        app.stop_stripe().await;
        app.deliver_order(&order, OrderStatus::Paying, 3).await;
        app.service.settle().await;
        app.crash_during_the_next_step(&begun).await;
        if performed {
            let path = format!("/v1/payment_intents/{}/capture", intent_of(&begun));
            assert_eq!(app.call_stripe(&path, "sk_test_sim", String::new()).await.0, 200);
        }
        app.start_stripe().await;
        app.advance(LEASE).await;
        assert_eq!((app.status(&order).await.as_str(), app.captured().await), ("captured", 2500));
        assert_eq!(app.published().await, [Subject::PaymentCaptured]);
    }
}

#[tokio::test]
async fn a_crash_during_the_void_is_recovered() {
    for performed in [false, true] {
        let (mut app, order, begun) = authorized().await;
        app.stop_stripe().await;
        app.deliver_order(&order, OrderStatus::Cancelled, 3).await;
        app.service.settle().await;
        app.crash_during_the_next_step(&begun).await;
        if performed {
            let path = format!("/v1/payment_intents/{}/cancel", intent_of(&begun));
            assert_eq!(app.call_stripe(&path, "sk_test_sim", String::new()).await.0, 200);
        }
        app.start_stripe().await;
        app.advance(LEASE).await;
        assert_eq!(app.status(&order).await, "voided");
        assert_eq!(app.published().await, [Subject::PaymentVoided]);
    }
}

#[tokio::test]
async fn a_crash_during_the_creation_of_the_intent_is_recovered() {
    for (taken, performed) in [(false, false), (true, false), (true, true)] {
        let mut app = TestApp::start().await;
        let order = app.order().await;
        app.stop_stripe().await;
        let begun = app.crash_after_the_start(&order).await;
        if taken {
            app.crash_during_the_next_step(&begun).await;
        }
        if performed {
            let payment = begun["id"].as_str().expect("an id");
            let form = format!("amount=2500&currency=usd&capture_method=manual&metadata[payment]={payment}");
            assert_eq!(app.call_stripe("/v1/payment_intents", "sk_test_sim", form).await.0, 200);
        }
        app.start_stripe().await;
        app.advance(LEASE).await;
        let reply = app.pay(&order).await;
        assert_eq!((reply.status, &reply.json["id"]), (200, &begun["id"]), "{taken} {performed}");
        assert_eq!(app.intents().await.len(), 1, "{taken} {performed}");
    }
}

#[tokio::test]
async fn a_stripe_that_does_not_answer_holds_up_no_event() {
    let (mut app, order, _) = authorized().await;
    app.hang_stripe().await;
    for version in 3..6 {
        app.deliver_order(&order, OrderStatus::Paying, version).await;
    }
    app.stop_stripe().await;
    app.start_stripe().await;
    app.service.settle().await;
    app.advance(LONG).await;
    assert_eq!((app.status(&order).await.as_str(), app.captured().await), ("captured", 2500));
    assert_eq!(app.published().await, [Subject::PaymentCaptured]);
}

#[tokio::test]
async fn money_that_was_captured_by_hand_is_the_orders() {
    let (app, order, begun) = authorized().await;
    let path = format!("/v1/payment_intents/{}/capture", intent_of(&begun));
    assert_eq!(app.call_stripe(&path, "sk_test_sim", String::new()).await.0, 200);
    app.advance(LONG).await;
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    run_retries(&app).await;
    assert_eq!(app.status(&order).await, "captured");
    assert_eq!(app.published().await, [Subject::PaymentCaptured]);
}

/// A payment that was captured by hand, so that it is refunded once its order is cancelled.
async fn captured_by_hand() -> (TestApp, OrderSnapshot, Value) {
    let (app, order, begun) = authorized().await;
    let path = format!("/v1/payment_intents/{}/capture", intent_of(&begun));
    assert_eq!(app.call_stripe(&path, "sk_test_sim", String::new()).await.0, 200);
    (app, order, begun)
}

#[tokio::test]
async fn whatever_goes_wrong_the_money_of_a_cancelled_order_goes_back_once() {
    for (name, fault) in faults() {
        let (app, order, _) = captured_by_hand().await;
        app.sim.faults().set(fault);
        app.deliver_order(&order, OrderStatus::Cancelled, 3).await;
        run_retries(&app).await;
        assert_eq!(app.status(&order).await, "refunded", "{name}");
        assert_eq!((app.captured().await, app.refunded().await), (2500, 2500), "{name}");
        assert_eq!(app.published().await, [Subject::PaymentRefunded], "{name}");
    }
}

#[tokio::test]
async fn a_crash_after_the_refund_is_recovered() {
    let (app, order, begun) = captured_by_hand().await;
    app.sim.faults().set(|faults| faults.api.fail_after_commit = 1);
    app.deliver_order(&order, OrderStatus::Cancelled, 3).await;
    assert_eq!((app.status(&order).await.as_str(), app.refunded().await), ("refunding", 2500));
    app.crash_during_the_next_step(&begun).await;
    app.advance(LEASE).await;
    assert_eq!((app.status(&order).await.as_str(), app.refunded().await), ("refunded", 2500));
    assert_eq!(app.published().await, [Subject::PaymentRefunded]);
}

#[tokio::test]
async fn money_that_was_refunded_by_hand_is_not_refunded_again() {
    for amount in [1000, 2500] {
        let (app, order, begun) = captured_by_hand().await;
        let form = format!("payment_intent={}&amount={amount}", intent_of(&begun));
        assert_eq!(app.call_stripe("/v1/refunds", "sk_test_sim", form).await.0, 200);
        app.deliver_order(&order, OrderStatus::Cancelled, 3).await;
        run_retries(&app).await;
        assert_eq!(app.status(&order).await, "refunded", "{amount}");
        assert_eq!(app.refunded().await, 2500, "{amount}");
        assert_eq!(app.published().await, [Subject::PaymentRefunded], "{amount}");
    }
}

/// Aborts the request while Stripe is being called.
async fn abort(app: &TestApp, request: impl Future<Output = Reply>) {
    let mut request = pin!(request);
    while app.service.is_idle().await {
        assert!(request.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
}

/// Lets time pass until Stripe has answered. Returns whether that is before a lease ends.
async fn step_ends(app: &TestApp) -> bool {
    let began = app.service.clock.now();
    let ended = poll_until(Duration::from_secs(20), async || {
        app.service.clock.advance(Duration::from_millis(100));
        Ok::<_, Infallible>(app.service.is_idle().await.then_some(()))
    });
    ended.await.is_ok_and(|ended| ended.is_some()) && app.service.clock.now() - began < LEASE
}

#[tokio::test]
async fn a_buyer_who_reloads_while_stripe_is_slow_joins_the_step_of_the_first_request() {
    let app = TestApp::start().await;
    let order = app.order().await;
    app.sim.faults().set(|faults| faults.api.delay_ms = 2000);
    abort(&app, app.pay(&order)).await;
    let (joined, in_time) = tokio::join!(app.pay(&order), step_ends(&app));
    assert_eq!((joined.status, in_time), (200, true), "{}", joined.json);
    assert_eq!(app.payment(order.id).await["id"], joined.json["id"]);
    assert_eq!(app.intents().await.len(), 1);
}

#[tokio::test]
async fn a_webhook_that_is_aborted_while_stripe_is_slow_has_its_consequence() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.sim.faults().set(|faults| faults.api.delay_ms = 2000);
    let intent = intent_of(&begun);
    abort(&app, app.webhook("payment_intent.amount_capturable_updated", &intent)).await;
    assert!(step_ends(&app).await);
    assert_eq!(app.status(&order).await, "authorized");
    assert_eq!(app.published().await, [Subject::PaymentAuthorized]);
}

#[tokio::test]
async fn a_poll_captures_the_payment_of_an_order_whose_acceptance_came_too_early() {
    let (app, order, begun) = TestApp::with_payment().await;
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    run_retries(&app).await;
    assert_eq!((app.status(&order).await.as_str(), app.captured().await), ("captured", 2500));
    assert_eq!(app.published().await, [Subject::PaymentAuthorized, Subject::PaymentCaptured]);
}
