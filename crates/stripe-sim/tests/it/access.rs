//! Who may do what, and what every reply carries.

use reqwest::Method;

use crate::support::{NEW, PUBLISHABLE_KEY, World};

fn publishable() -> String {
    format!("Bearer {PUBLISHABLE_KEY}")
}

#[tokio::test]
async fn without_a_known_key_nobody_gets_in() {
    let world = World::start().await;
    for key in ["", "Bearer sk_test_other", "Bearer ", "Basic !", "Digest sk_test_sim"] {
        let headers = [("authorization", key)];
        let answer = world.call(Method::POST, "/v1/payment_intents", &headers, &NEW).await;
        assert_eq!(answer.status, 401, "{key}");
        assert_eq!(answer.body["error"]["type"], "invalid_request_error");
        assert!(!answer.body.to_string().contains("sk_test_other"));
    }
    assert!(world.sim.payment_intents().await.expect("a list").is_empty());
}

#[tokio::test]
async fn a_key_may_come_as_the_user_name_of_basic_authentication() {
    let world = World::start().await;
    let id = world.create().await.id();
    // `sk_test_sim:`
    let headers = [("authorization", "Basic c2tfdGVzdF9zaW06")];
    let answer = world.call(Method::GET, &format!("/v1/payment_intents/{id}"), &headers, &[]).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_publishable_key_only_confirms_and_retrieves() {
    let world = World::start().await;
    let (bearer, id) = (publishable(), world.authorized().await);
    let headers = [("authorization", bearer.as_str())];
    for (method, path) in [
        (Method::POST, "/v1/payment_intents".to_owned()),
        (Method::GET, "/v1/payment_intents".to_owned()),
        (Method::POST, format!("/v1/payment_intents/{id}/capture")),
        (Method::POST, format!("/v1/payment_intents/{id}/cancel")),
    ] {
        let answer = world.call(method, &path, &headers, &[]).await;
        assert_eq!((answer.status, answer.code()), (401, "secret_key_required"), "{path}");
    }
    assert_eq!(world.state(&id).await, "requires_capture");
}

#[tokio::test]
async fn a_publishable_key_needs_the_client_secret_of_that_very_payment() {
    let world = World::start().await;
    let (bearer, created) = (publishable(), world.create().await);
    let (id, other) = (created.id(), world.create().await.secret());
    let headers = [("authorization", bearer.as_str())];
    for (query, code) in [
        (String::new(), "parameter_missing"),
        ("?client_secret=x".to_owned(), "payment_intent_invalid_parameter"),
        (format!("?client_secret={other}"), "payment_intent_invalid_parameter"),
    ] {
        let path = format!("/v1/payment_intents/{id}");
        let retrieved = world.call(Method::GET, &format!("{path}{query}"), &headers, &[]).await;
        assert_eq!((retrieved.status, retrieved.code()), (400, code), "{query}");
        let card = [("payment_method", "pm_card_visa")];
        let confirmed = world.call(Method::POST, &format!("{path}/confirm{query}"), &headers, &card).await;
        assert_eq!((confirmed.status, confirmed.code()), (400, code), "{query}");
    }
    assert_eq!(world.state(&id).await, "requires_payment_method");
}

#[tokio::test]
async fn a_browser_sees_the_payment_without_what_is_the_shops_business() {
    let world = World::start().await;
    let (bearer, created) = (publishable(), world.create().await);
    let path = format!("/v1/payment_intents/{}?client_secret={}", created.id(), created.secret());
    let seen = world.call(Method::GET, &path, &[("authorization", &bearer)], &[]).await;
    assert_eq!((seen.status, seen.state()), (200, "requires_payment_method"));
    assert_eq!(seen.body["amount"], 2500);
    let members = seen.body.as_object().expect("an object");
    for hidden in ["metadata", "amount_received", "latest_charge"] {
        assert!(!members.contains_key(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn every_reply_names_the_request_and_the_version_and_may_be_read_from_any_origin() {
    let world = World::start().await;
    let answer = world.create().await;
    assert!(answer.header("request-id").is_some_and(|id| id.starts_with("req_")));
    assert_eq!(answer.header("stripe-version"), Some("2026-09-30.endive"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let older = world.call(Method::GET, "/v1/nothing", &[("stripe-version", "2024-04-10")], &[]).await;
    assert_eq!(older.header("stripe-version"), Some("2024-04-10"));
    assert_ne!(answer.header("request-id"), older.header("request-id"));
}

#[tokio::test]
async fn a_preflight_is_allowed() {
    let world = World::start().await;
    let headers = [
        ("origin", "http://shop.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    let answer = world.call(Method::OPTIONS, "/v1/payment_intents/pi_1/confirm", &headers, &[]).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization"));
    assert!(answer.header("access-control-allow-methods").is_some_and(|methods| methods.contains("POST")));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_unrecognized() {
    let world = World::start().await;
    for (method, path) in [
        (Method::GET, "/v1/nothing"),
        (Method::GET, "/v1"),
        (Method::DELETE, "/v1/payment_intents"),
        (Method::GET, "/v1/payment_intents/pi_1/capture"),
    ] {
        let answer = world.call(method, path, &[], &[]).await;
        assert_eq!(answer.status, 404, "{path}");
        let message = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert!(
            message.contains(path) && answer.body["error"]["type"] == "invalid_request_error",
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_version_that_is_none_is_refused() {
    let world = World::start().await;
    let path = "/v1/balance";
    for (version, status) in [
        ("2026-10-28.endive", 200),
        ("2024-06-20", 200),
        ("2024-06-20; custom_checkout_beta=v1", 200),
        ("2024-6-20", 400),
        ("latest", 400),
        ("2026-10-28.", 400),
        ("", 400),
    ] {
        let headers = [("authorization", "Bearer sk_test_sim"), ("stripe-version", version)];
        let answer = world.call(Method::GET, path, &headers, &[]).await;
        assert_eq!(answer.status, status, "{version}");
        let answered = if status == 200 { version } else { "2026-09-30.endive" };
        assert_eq!(answer.header("stripe-version"), Some(answered));
    }
}
