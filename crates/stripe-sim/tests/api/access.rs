//! Permissions of the keys, and the headers of every response.

use reqwest::Method;

use crate::app::{NEW, PUBLISHABLE_KEY, TestApp};

fn publishable() -> String {
    format!("Bearer {PUBLISHABLE_KEY}")
}

#[tokio::test]
async fn requests_without_a_known_key_are_rejected() {
    let app = TestApp::start().await;
    for key in ["", "Bearer sk_test_other", "Bearer ", "Basic !", "Digest sk_test_sim"] {
        let headers = [("authorization", key)];
        let response = app.call(Method::POST, "/v1/payment_intents", &headers, &NEW).await;
        assert_eq!(response.status, 401, "{key}");
        assert_eq!(response.body["error"]["type"], "invalid_request_error");
        assert!(!response.body.to_string().contains("sk_test_other"));
    }
    assert!(app.sim.payment_intents().await.expect("a list").is_empty());
}

#[tokio::test]
async fn a_key_may_come_as_the_user_name_of_basic_authentication() {
    let app = TestApp::start().await;
    let id = app.create().await.id();
    // `sk_test_sim:`
    let headers = [("authorization", "Basic c2tfdGVzdF9zaW06")];
    let response = app.call(Method::GET, &format!("/v1/payment_intents/{id}"), &headers, &[]).await;
    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn a_publishable_key_only_confirms_and_retrieves() {
    let app = TestApp::start().await;
    let (bearer, id) = (publishable(), app.authorized().await);
    let headers = [("authorization", bearer.as_str())];
    for (method, path) in [
        (Method::POST, "/v1/payment_intents".to_owned()),
        (Method::GET, "/v1/payment_intents".to_owned()),
        (Method::POST, format!("/v1/payment_intents/{id}/capture")),
        (Method::POST, format!("/v1/payment_intents/{id}/cancel")),
    ] {
        let response = app.call(method, &path, &headers, &[]).await;
        assert_eq!((response.status, response.code()), (401, "secret_key_required"), "{path}");
    }
    assert_eq!(app.state(&id).await, "requires_capture");
}

#[tokio::test]
async fn a_publishable_key_needs_the_client_secret_of_that_very_payment() {
    let app = TestApp::start().await;
    let (bearer, created) = (publishable(), app.create().await);
    let (id, other) = (created.id(), app.create().await.secret());
    let headers = [("authorization", bearer.as_str())];
    for (query, code) in [
        (String::new(), "parameter_missing"),
        ("?client_secret=x".to_owned(), "payment_intent_invalid_parameter"),
        (format!("?client_secret={other}"), "payment_intent_invalid_parameter"),
    ] {
        let path = format!("/v1/payment_intents/{id}");
        let retrieved = app.call(Method::GET, &format!("{path}{query}"), &headers, &[]).await;
        assert_eq!((retrieved.status, retrieved.code()), (400, code), "{query}");
        let card = [("payment_method", "pm_card_visa")];
        let confirmed = app.call(Method::POST, &format!("{path}/confirm{query}"), &headers, &card).await;
        assert_eq!((confirmed.status, confirmed.code()), (400, code), "{query}");
    }
    assert_eq!(app.state(&id).await, "requires_payment_method");
}

#[tokio::test]
async fn a_browser_sees_the_payment_without_what_is_the_shops_business() {
    let app = TestApp::start().await;
    let (bearer, created) = (publishable(), app.create().await);
    let path = format!("/v1/payment_intents/{}?client_secret={}", created.id(), created.secret());
    let seen = app.call(Method::GET, &path, &[("authorization", &bearer)], &[]).await;
    assert_eq!((seen.status, seen.state()), (200, "requires_payment_method"));
    assert_eq!(seen.body["amount"], 2500);
    let members = seen.body.as_object().expect("an object");
    for hidden in ["metadata", "amount_received", "latest_charge"] {
        assert!(!members.contains_key(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn every_reply_names_the_request_and_the_version_and_may_be_read_from_any_origin() {
    let app = TestApp::start().await;
    let response = app.create().await;
    assert!(response.header("request-id").is_some_and(|id| id.starts_with("req_")));
    assert_eq!(response.header("stripe-version"), Some("2026-09-30.endive"));
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    let older = app.call(Method::GET, "/v1/nothing", &[("stripe-version", "2024-04-10")], &[]).await;
    assert_eq!(older.header("stripe-version"), Some("2024-04-10"));
    assert_ne!(response.header("request-id"), older.header("request-id"));
}

#[tokio::test]
async fn a_preflight_is_allowed() {
    let app = TestApp::start().await;
    let headers = [
        ("origin", "http://shop.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    let response = app.call(Method::OPTIONS, "/v1/payment_intents/pi_1/confirm", &headers, &[]).await;
    assert_eq!(response.status, 204);
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    assert_eq!(response.header("access-control-allow-headers"), Some("authorization"));
    assert!(response.header("access-control-allow-methods").is_some_and(|methods| methods.contains("POST")));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_unrecognized() {
    let app = TestApp::start().await;
    for (method, path) in [
        (Method::GET, "/v1/nothing"),
        (Method::GET, "/v1"),
        (Method::DELETE, "/v1/payment_intents"),
        (Method::GET, "/v1/payment_intents/pi_1/capture"),
    ] {
        let response = app.call(method, path, &[], &[]).await;
        assert_eq!(response.status, 404, "{path}");
        let message = response.body["error"]["message"].as_str().unwrap_or_default();
        assert!(
            message.contains(path) && response.body["error"]["type"] == "invalid_request_error",
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_version_that_is_none_is_refused() {
    let app = TestApp::start().await;
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
        let response = app.call(Method::GET, path, &headers, &[]).await;
        assert_eq!(response.status, status, "{version}");
        let answered = if status == 200 { version } else { "2026-09-30.endive" };
        assert_eq!(response.header("stripe-version"), Some(answered));
    }
}
