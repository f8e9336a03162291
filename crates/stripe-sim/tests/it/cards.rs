//! Stripe's test cards, typed in and by name.

use crate::support::{PUBLISHABLE_KEY, World};
use reqwest::Method;

async fn type_in(world: &World, number: &str, month: &str, year: &str, cvc: &str) -> crate::support::Answer {
    let created = world.create().await;
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
    world.call(Method::POST, &path, &[("authorization", &bearer)], &params).await
}

#[tokio::test]
async fn every_good_card_reserves_the_money() {
    let world = World::start().await;
    for number in ["4242424242424242", "4242 4242 4242 4242", "5555555555554444"] {
        let answer = type_in(&world, number, "12", "2034", "123").await;
        assert_eq!((answer.status, answer.state()), (200, "requires_capture"), "{number}");
    }
    let amex = type_in(&world, "378282246310005", "1", "34", "1234").await;
    assert_eq!(amex.state(), "requires_capture");
}

#[tokio::test]
async fn every_card_with_a_3d_secure_duty_asks_for_action() {
    let world = World::start().await;
    for number in ["4000002500003155", "4000002760003184"] {
        let answer = type_in(&world, number, "12", "34", "123").await;
        assert_eq!((answer.status, answer.state()), (200, "requires_action"), "{number}");
        let url = answer.body["next_action"]["redirect_to_url"]["url"].as_str().expect("a redirect");
        assert!(url.starts_with(&format!("{}/sim/3ds/pi_", world.url)), "{url}");
    }
}

#[tokio::test]
async fn every_bad_card_is_declined_with_its_code() {
    let world = World::start().await;
    for (number, code, decline_code) in [
        ("4000000000000002", "card_declined", Some("generic_decline")),
        ("4000000000009995", "card_declined", Some("insufficient_funds")),
        ("4000000000009987", "card_declined", Some("lost_card")),
        ("4000000000009979", "card_declined", Some("stolen_card")),
        ("4000000000000069", "expired_card", None),
        ("4000000000000127", "incorrect_cvc", None),
        ("4000000000000119", "processing_error", None),
        // A real number has no business here.
        ("4111111111111111", "card_declined", Some("test_mode_live_card")),
    ] {
        let answer = type_in(&world, number, "12", "34", "123").await;
        let error = &answer.body["error"];
        assert_eq!((answer.status, answer.code()), (402, code), "{number}");
        assert_eq!(error["type"], "card_error");
        assert_eq!(error["decline_code"].as_str(), decline_code, "{number}");
        assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
        assert_eq!(error["payment_intent"]["last_payment_error"]["code"], code);
    }
}

#[tokio::test]
async fn a_card_that_cannot_exist_is_refused_and_leaves_no_trace() {
    let world = World::start().await;
    for (number, month, year, cvc, code) in [
        ("4242424242424241", "12", "34", "123", "incorrect_number"),
        ("42424242", "12", "34", "123", "incorrect_number"),
        ("4242424242424242", "13", "34", "123", "invalid_expiry_month"),
        // It is November 2026.
        ("4242424242424242", "10", "26", "123", "invalid_expiry_month"),
        ("4242424242424242", "12", "25", "123", "invalid_expiry_year"),
        ("4242424242424242", "12", "2099", "123", "invalid_expiry_year"),
        ("4242424242424242", "12", "34", "12", "invalid_cvc"),
        ("4242424242424242", "12", "34", "1234", "invalid_cvc"),
    ] {
        let answer = type_in(&world, number, month, year, cvc).await;
        assert_eq!((answer.status, answer.code()), (402, code), "{number} {month}/{year} {cvc}");
    }
    let this_month = type_in(&world, "4242424242424242", "11", "26", "123").await;
    assert_eq!(this_month.state(), "requires_capture");
    let list = world.get("/v1/payment_intents?limit=100").await;
    let marked = |intent: &&serde_json::Value| !intent["last_payment_error"].is_null();
    assert_eq!(list.body["data"].as_array().expect("a list").iter().filter(marked).count(), 0);
}

#[tokio::test]
async fn test_cards_go_by_their_names_too() {
    let world = World::start().await;
    for (name, status, code) in [
        ("pm_card_visa", 200, ""),
        ("pm_card_mastercard", 200, ""),
        ("pm_card_threeDSecure2Required", 200, ""),
        ("pm_card_authenticationRequired", 200, ""),
        ("pm_card_chargeDeclined", 402, "card_declined"),
        ("pm_card_visa_chargeDeclined", 402, "card_declined"),
        ("pm_card_chargeDeclinedInsufficientFunds", 402, "card_declined"),
        ("pm_card_chargeDeclinedExpiredCard", 402, "expired_card"),
        ("pm_card_nobody", 400, "resource_missing"),
        ("tok_visa", 400, "resource_missing"),
    ] {
        let id = world.create().await.id();
        let answer = world.confirm(&id, name).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{name}");
    }
}
