//! The states of a payment, through Stripe's client for Rust, and the expiration of authorizations.

use std::collections::HashMap;
use std::time::Duration;

use stripe::StripeError;
use stripe_core::payment_intent::{
    CancelPaymentIntent, CapturePaymentIntent, ConfirmPaymentIntent, CreatePaymentIntent,
    RetrievePaymentIntent,
};
use stripe_shared::{PaymentIntentCaptureMethod, PaymentIntentStatus};
use stripe_sim::Status;
use stripe_types::Currency;

use crate::app::TestApp;

fn new_intent() -> CreatePaymentIntent {
    CreatePaymentIntent::new(2500, Currency::USD)
        .capture_method(PaymentIntentCaptureMethod::Manual)
        .metadata(HashMap::from([("orderId".to_owned(), "o-1".to_owned())]))
        .description("Concert")
}

#[tokio::test]
async fn an_authorized_payment_is_captured() {
    let app = TestApp::start().await;
    let client = app.stripe();
    let created = new_intent().send(&client).await.expect("created");
    assert_eq!(created.status, PaymentIntentStatus::RequiresPaymentMethod);
    assert_eq!((created.amount, &created.currency, created.livemode), (2500, &Currency::USD, false));
    assert_eq!(created.metadata["orderId"], "o-1");
    assert!(created.client_secret.as_deref().is_some_and(|secret| secret.starts_with(created.id.as_str())));

    let confirm = ConfirmPaymentIntent::new(created.id.clone()).payment_method("pm_card_visa");
    let confirmed = confirm.send(&client).await.expect("confirmed");
    assert_eq!(confirmed.status, PaymentIntentStatus::RequiresCapture);
    assert_eq!((confirmed.amount_capturable, confirmed.amount_received), (2500, 0));
    assert!(confirmed.latest_charge.is_some());
    assert_eq!(app.sim.open_authorizations().await.expect("a list").len(), 1);

    let captured = CapturePaymentIntent::new(created.id.clone()).send(&client).await.expect("captured");
    assert_eq!(captured.status, PaymentIntentStatus::Succeeded);
    assert_eq!((captured.amount_capturable, captured.amount_received), (0, 2500));
    let retrieved = RetrievePaymentIntent::new(created.id).send(&client).await.expect("retrieved");
    assert_eq!(retrieved.status, PaymentIntentStatus::Succeeded);

    let total = app.sim.captured_total(common::Currency::Usd).await.expect("a sum");
    assert_eq!(total.amount, 2500);
    assert!(app.sim.open_authorizations().await.expect("a list").is_empty());
}

#[tokio::test]
async fn a_part_can_be_captured_and_no_more_than_was_authorized() {
    let app = TestApp::start().await;
    let client = app.stripe();
    let id = app.authorized().await;
    let error = CapturePaymentIntent::new(id.as_str()).amount_to_capture(2501).send(&client).await;
    assert!(matches!(error, Err(StripeError::Stripe(_, 400))), "{error:?}");
    let captured =
        CapturePaymentIntent::new(id.as_str()).amount_to_capture(1000).send(&client).await.expect("captured");
    assert_eq!((captured.amount_received, captured.amount_capturable), (1000, 0));
}

#[tokio::test]
async fn an_automatic_payment_succeeds_when_it_is_confirmed() {
    let app = TestApp::start().await;
    let create = CreatePaymentIntent::new(2500, Currency::EUR).payment_method("pm_card_visa").confirm(true);
    let paid = create.send(&app.stripe()).await.expect("paid");
    assert_eq!((paid.status, paid.amount_received), (PaymentIntentStatus::Succeeded, 2500));
}

#[tokio::test]
async fn a_canceled_authorization_is_released() {
    let app = TestApp::start().await;
    let client = app.stripe();
    let id = app.authorized().await;
    let canceled = CancelPaymentIntent::new(id.as_str()).send(&client).await.expect("canceled");
    assert_eq!((canceled.status, canceled.amount_capturable), (PaymentIntentStatus::Canceled, 0));
    assert!(canceled.canceled_at.is_some());
    let all = app.sim.payment_intents().await.expect("a list");
    assert_eq!(all.iter().map(|intent| intent.status).collect::<Vec<_>>(), [Status::Canceled]);
}

#[tokio::test]
async fn a_decline_shows_its_reason_and_can_be_retried() {
    let app = TestApp::start().await;
    let client = app.stripe();
    let id = new_intent().send(&client).await.expect("created").id;
    let confirm = |method: &str| ConfirmPaymentIntent::new(id.clone()).payment_method(method);
    let error = confirm("pm_card_chargeDeclinedInsufficientFunds").send(&client).await;
    let Err(StripeError::Stripe(error, 402)) = error else { panic!("{error:?}") };
    assert_eq!(error.decline_code.as_deref(), Some("insufficient_funds"));
    let intent = error.payment_intent.expect("the PaymentIntent in the error");
    assert_eq!(intent.status, PaymentIntentStatus::RequiresPaymentMethod);
    let last = intent.last_payment_error.expect("the last error");
    assert_eq!(last.decline_code.as_deref(), Some("insufficient_funds"));

    let confirmed = confirm("pm_card_visa").send(&client).await.expect("confirmed");
    assert_eq!(confirmed.status, PaymentIntentStatus::RequiresCapture);
    assert!(confirmed.last_payment_error.is_none());
}

/// The states, and the commands that each refuses.
const REFUSALS: &[(&str, &[&str])] = &[
    ("requires_payment_method", &["capture", "3ds"]),
    ("requires_action", &["capture"]),
    ("requires_capture", &["confirm", "3ds"]),
    ("succeeded", &["confirm", "capture", "cancel", "3ds"]),
    ("canceled", &["confirm", "capture", "cancel", "3ds"]),
];

async fn reach(app: &TestApp, state: &str) -> String {
    let id = app.create().await.id();
    let command = |name: &str| format!("/v1/payment_intents/{id}/{name}");
    match state {
        "requires_payment_method" => {}
        "requires_action" => drop(app.confirm(&id, "pm_card_authenticationRequired").await),
        "canceled" => drop(app.post(&command("cancel"), &[]).await),
        _ => drop(app.confirm(&id, "pm_card_visa").await),
    }
    if state == "succeeded" {
        app.post(&command("capture"), &[]).await;
    }
    assert_eq!(app.state(&id).await, state);
    id
}

#[tokio::test]
async fn every_state_refuses_the_commands_that_it_does_not_allow() {
    let app = TestApp::start().await;
    for (state, refused) in REFUSALS {
        let id = reach(&app, state).await;
        for command in *refused {
            let response = match *command {
                "confirm" => app.confirm(&id, "pm_card_visa").await,
                "3ds" => app.post(&format!("/sim/3ds/{id}/accept"), &[]).await,
                other => app.post(&format!("/v1/payment_intents/{id}/{other}"), &[]).await,
            };
            assert_eq!(
                (response.status, response.code()),
                (400, "payment_intent_unexpected_state"),
                "{state} {command}"
            );
            assert_eq!(response.body["error"]["payment_intent"]["status"], *state, "{command}");
        }
        assert_eq!(app.state(&id).await, *state);
    }
}

#[tokio::test]
async fn a_payment_without_a_method_cannot_be_confirmed() {
    let app = TestApp::start().await;
    let id = app.create().await.id();
    let response = app.post(&format!("/v1/payment_intents/{id}/confirm"), &[]).await;
    assert_eq!((response.status, response.code()), (400, "payment_intent_unexpected_state"));
}

#[tokio::test]
async fn an_unknown_payment_is_missing_for_every_command() {
    let app = TestApp::start().await;
    for id in ["pi_0192f0c07c1e7e3a80001234567890ab", "pi_1", "x"] {
        for command in ["confirm", "capture", "cancel"] {
            let response = app.post(&format!("/v1/payment_intents/{id}/{command}"), &[]).await;
            assert_eq!((response.status, response.code()), (404, "resource_missing"), "{id} {command}");
        }
        assert_eq!(app.get(&format!("/v1/payment_intents/{id}")).await.status, 404);
    }
}

const WEEK: Duration = Duration::from_hours(7 * 24);

#[tokio::test]
async fn an_authorization_expires_after_seven_days() {
    let app = TestApp::with_all_events().await;
    let id = app.authorized().await;
    app.advance_clock(Duration::from_hours(7 * 24 - 1)).await;
    assert_eq!(app.state(&id).await, "requires_capture", "not before its time");
    app.advance_clock(Duration::from_hours(1)).await;
    let intent = app.get(&format!("/v1/payment_intents/{id}?expand[]=latest_charge")).await;
    assert_eq!((intent.state(), &intent.body["cancellation_reason"]), ("canceled", &"expired".into()));
    assert_eq!(intent.body["amount_capturable"], 0);
    let charge = &intent.body["latest_charge"];
    assert_eq!((&charge["captured"], &charge["amount_captured"]), (&false.into(), &0.into()));
    assert_eq!((&charge["refunded"], &charge["amount_refunded"]), (&false.into(), &0.into()));
    app.wait_until_idle().await;
    let kinds = app.receiver.kinds();
    assert_eq!(kinds[kinds.len() - 2..], ["charge.expired", "canceled"]);
    let last = app.receiver.received().pop().expect("an event").json();
    assert!(last["request"]["id"].is_null(), "no request caused it");
}

#[tokio::test]
async fn what_was_captured_or_canceled_in_time_does_not_expire() {
    let app = TestApp::with_all_events().await;
    let (captured, canceled) = (app.authorized().await, app.authorized().await);
    app.post(&format!("/v1/payment_intents/{captured}/capture"), &[]).await;
    app.post(&format!("/v1/payment_intents/{canceled}/cancel"), &[]).await;
    let waiting = app.create().await.id();
    app.advance_clock(WEEK * 5).await;
    assert_eq!(app.state(&captured).await, "succeeded");
    assert_eq!(app.state(&canceled).await, "canceled");
    assert_eq!(app.state(&waiting).await, "requires_payment_method", "nothing is reserved, nothing expires");
    assert!(!app.receiver.kinds().contains(&"charge.expired".to_owned()));
}

#[tokio::test]
async fn the_week_of_a_second_try_begins_with_it() {
    let app = TestApp::with_all_events().await;
    let id = app.create().await.id();
    app.confirm(&id, "pm_card_chargeDeclined").await;
    app.advance_clock(WEEK / 2).await;
    app.confirm(&id, "pm_card_visa").await;
    app.advance_clock(WEEK / 2).await;
    assert_eq!(app.state(&id).await, "requires_capture");
    app.advance_clock(WEEK / 2).await;
    assert_eq!(app.state(&id).await, "canceled");
}

#[tokio::test]
async fn a_week_that_passed_while_the_simulator_was_off_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stripe.db");
    let app = TestApp::on_file(&file, 1).await;
    let id = app.authorized().await;
    app.stop().await;
    // The next simulator's clock is a week later.
    let mut app = TestApp::on_file(&file, 2).await;
    app.clock.advance(WEEK);
    app.deliver();
    app.wait_until_idle().await;
    assert_eq!(app.state(&id).await, "canceled");
}
