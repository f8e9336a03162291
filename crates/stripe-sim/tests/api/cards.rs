//! Stripe's test cards, by number and by name, and the charges of their attempts.

use std::time::Duration;

use futures::TryStreamExt;
use reqwest::Method;
use stripe_core::charge::{ListCharge, RetrieveCharge};
use stripe_shared::{Charge, ChargeStatus};

use crate::app::{PUBLISHABLE_KEY, Response, TestApp};

async fn type_in(app: &TestApp, number: &str, month: &str, year: &str, cvc: &str) -> Response {
    let created = app.create().await;
    let secret = created.secret();
    let params = [
        ("client_secret", secret.as_str()),
        ("payment_method_data[type]", "card"),
        ("payment_method_data[card][number]", number),
        ("payment_method_data[card][exp_month]", month),
        ("payment_method_data[card][exp_year]", year),
        ("payment_method_data[card][cvc]", cvc),
    ];
    let bearer = format!("Bearer {PUBLISHABLE_KEY}");
    let path = format!("/v1/payment_intents/{}/confirm", created.id());
    app.call(Method::POST, &path, &[("authorization", &bearer)], &params).await
}

#[tokio::test]
async fn every_good_card_reserves_the_money() {
    let app = TestApp::start().await;
    for number in ["4242424242424242", "4242 4242 4242 4242", "5555555555554444"] {
        let response = type_in(&app, number, "12", "2034", "123").await;
        assert_eq!((response.status, response.state()), (200, "requires_capture"), "{number}");
    }
    let amex = type_in(&app, "378282246310005", "1", "34", "1234").await;
    assert_eq!(amex.state(), "requires_capture");
}

#[tokio::test]
async fn every_card_with_a_3d_secure_duty_asks_for_action() {
    let app = TestApp::start().await;
    for number in ["4000002500003155", "4000002760003184"] {
        let response = type_in(&app, number, "12", "34", "123").await;
        assert_eq!((response.status, response.state()), (200, "requires_action"), "{number}");
        let url = response.body["next_action"]["redirect_to_url"]["url"].as_str().expect("a redirect");
        assert!(url.starts_with(&format!("{}/sim/3ds/pi_", app.url)), "{url}");
    }
}

#[tokio::test]
async fn every_bad_card_is_declined_with_its_code() {
    let app = TestApp::start().await;
    for (number, code, decline_code) in [
        ("4000000000000002", "card_declined", Some("generic_decline")),
        ("4000000000009995", "card_declined", Some("insufficient_funds")),
        ("4000000000009987", "card_declined", Some("lost_card")),
        ("4000000000009979", "card_declined", Some("stolen_card")),
        ("4000000000000069", "expired_card", None),
        ("4000000000000127", "incorrect_cvc", None),
        ("4000000000000119", "processing_error", None),
        // A real number.
        ("4111111111111111", "card_declined", Some("test_mode_live_card")),
    ] {
        let response = type_in(&app, number, "12", "34", "123").await;
        let error = &response.body["error"];
        assert_eq!((response.status, response.code()), (402, code), "{number}");
        assert_eq!(error["type"], "card_error");
        assert_eq!(error["decline_code"].as_str(), decline_code, "{number}");
        assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
        assert_eq!(error["payment_intent"]["last_payment_error"]["code"], code);
    }
}

#[tokio::test]
async fn a_card_that_cannot_exist_is_refused_and_leaves_no_trace() {
    let app = TestApp::start().await;
    for (number, month, year, cvc, code) in [
        ("4242424242424241", "12", "34", "123", "incorrect_number"),
        ("42424242", "12", "34", "123", "incorrect_number"),
        ("4242424242424242", "13", "34", "123", "invalid_expiry_month"),
        // The clock is at November 2026.
        ("4242424242424242", "10", "26", "123", "invalid_expiry_month"),
        ("4242424242424242", "12", "25", "123", "invalid_expiry_year"),
        ("4242424242424242", "12", "2099", "123", "invalid_expiry_year"),
        ("4242424242424242", "12", "34", "12", "invalid_cvc"),
        ("4242424242424242", "12", "34", "1234", "invalid_cvc"),
    ] {
        let response = type_in(&app, number, month, year, cvc).await;
        assert_eq!((response.status, response.code()), (402, code), "{number} {month}/{year} {cvc}");
    }
    let this_month = type_in(&app, "4242424242424242", "11", "26", "123").await;
    assert_eq!(this_month.state(), "requires_capture");
    let list = app.get("/v1/payment_intents?limit=100").await;
    let marked = |intent: &&serde_json::Value| !intent["last_payment_error"].is_null();
    assert_eq!(list.body["data"].as_array().expect("a list").iter().filter(marked).count(), 0);
}

#[tokio::test]
async fn test_cards_go_by_their_names_too() {
    let app = TestApp::start().await;
    for (name, status, code) in [
        ("pm_card_visa", 200, ""),
        ("pm_card_mastercard", 200, ""),
        ("pm_card_threeDSecure2Required", 200, ""),
        ("pm_card_authenticationRequired", 200, ""),
        ("pm_card_chargeDeclined", 402, "card_declined"),
        ("pm_card_visa_chargeDeclined", 402, "card_declined"),
        ("pm_card_chargeDeclinedInsufficientFunds", 402, "card_declined"),
        ("pm_card_chargeDeclinedExpiredCard", 402, "expired_card"),
        ("pm_card_unknown", 400, "resource_missing"),
        ("tok_visa", 400, "resource_missing"),
    ] {
        let id = app.create().await.id();
        let response = app.confirm(&id, name).await;
        assert_eq!((response.status, response.code()), (status, code), "{name}");
    }
}

#[tokio::test]
async fn every_try_is_a_charge_and_the_latest_is_named() {
    let app = TestApp::start().await;
    let client = app.stripe();
    let id = app.create().await.id();
    app.confirm(&id, "pm_card_chargeDeclinedInsufficientFunds").await;
    app.clock.advance(Duration::from_secs(1));
    app.confirm(&id, "pm_card_visa").await;
    let pages = ListCharge::new().payment_intent(id.as_str()).limit(1).paginate();
    let all: Vec<Charge> = pages.stream(&client).try_collect().await.expect("all of them");
    let states: Vec<_> = all.iter().map(|charge| (charge.status.clone(), charge.paid)).collect();
    assert_eq!(states, [(ChargeStatus::Succeeded, true), (ChargeStatus::Failed, false)]);
    let failed = &all[1];
    assert_eq!(failed.failure_code.as_deref(), Some("card_declined"));
    let outcome = failed.outcome.as_ref().expect("an outcome");
    assert_eq!(outcome.reason.as_deref(), Some("insufficient_funds"));
    let latest = app.get(&format!("/v1/payment_intents/{id}")).await.body["latest_charge"].clone();
    assert_eq!(latest, all[0].id.as_str());
}

#[tokio::test]
async fn of_a_part_that_was_captured_the_rest_is_no_refund() {
    let app = TestApp::start().await;
    let id = app.authorized().await;
    let captured =
        app.post(&format!("/v1/payment_intents/{id}/capture"), &[("amount_to_capture", "1000")]).await;
    let charge = captured.body["latest_charge"].as_str().expect("a charge").to_owned();
    let charge = RetrieveCharge::new(charge).send(&app.stripe()).await.expect("found");
    assert_eq!((charge.amount, charge.amount_captured, charge.amount_refunded), (2500, 1000, 0));
    assert!(charge.captured && !charge.refunded);
    app.post("/v1/refunds", &[("payment_intent", &id)]).await;
    let charge = RetrieveCharge::new(charge.id.as_str()).send(&app.stripe()).await.expect("found");
    assert_eq!((charge.amount_refunded, charge.refunded), (1000, true));
}

#[tokio::test]
async fn a_charge_takes_notes() {
    let app = TestApp::with_all_events().await;
    let id = app.authorized().await;
    let charge = format!("/v1/charges/ch_{}00", &id[3..]);
    let noted = app.post(&charge, &[("description", "Seat 7"), ("metadata[seat]", "7")]).await;
    assert_eq!(
        (&noted.body["description"], &noted.body["metadata"]["seat"]),
        (&"Seat 7".into(), &"7".into())
    );
    app.wait_until_idle().await;
    let event = app.receiver.received().pop().expect("an event").json();
    assert_eq!(event["type"], "charge.updated");
    assert!(event["data"]["previous_attributes"]["description"].is_null());
    assert_eq!(app.post(&charge, &[("amount", "1")]).await.code(), "parameter_unknown");
    assert_eq!(app.post(&format!("{}9", &charge[..charge.len() - 1]), &[]).await.status, 404);
}

#[tokio::test]
async fn a_card_may_fail_after_its_bank_was_asked() {
    let app = TestApp::start().await;
    let id = app.create().await.id();
    let asked = app.confirm(&id, "pm_card_threeDSecureRequiredChargeDeclined").await;
    assert_eq!(asked.state(), "requires_action");
    let response = app.post(&format!("/sim/3ds/{id}/accept"), &[]).await;
    assert_eq!((response.status, response.state()), (200, "requires_payment_method"));
    assert_eq!(response.body["last_payment_error"]["decline_code"], "generic_decline");
    let charge = app.get(&format!("/v1/charges/ch_{}00", &id[3..])).await;
    let secure = &charge.body["payment_method_details"]["card"]["three_d_secure"];
    assert_eq!((charge.state(), &secure["result"]), ("failed", &"authenticated".into()));
}
