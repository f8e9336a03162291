//! Webhook endpoints: creation, changes, rolls and deletion over the API.

use std::time::Duration;

use aws_lc_rs::hmac;
use reqwest::Method;

use crate::app::TestApp;
use crate::receiver::Received;

const PATH: &str = "/v1/webhook_endpoints";

/// Whether this secret signed the event.
fn is_signed(event: &Received, secret: &str) -> bool {
    let parts: Vec<_> = event.signature.split(',').filter_map(|part| part.split_once('=')).collect();
    let time = parts.iter().find(|(name, _)| *name == "t").expect("a time").1;
    let mut signed = format!("{time}.").into_bytes();
    signed.extend_from_slice(&event.body);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let bytes = |digits: &str| -> Vec<u8> {
        let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16).expect("hexadecimal digits");
        (0..digits.len()).step_by(2).map(byte).collect()
    };
    let mut signatures = parts.iter().filter(|(name, _)| *name == "v1");
    signatures.any(|(_, digits)| hmac::verify(&key, &signed, &bytes(digits)).is_ok())
}

async fn delete(app: &TestApp, id: &str) -> u16 {
    let headers = [("authorization", "Bearer sk_test_sim")];
    app.call(Method::DELETE, &format!("{PATH}/{id}"), &headers, &[]).await.status
}

#[tokio::test]
async fn an_endpoint_gets_its_secret_once_and_then_the_events_it_subscribes_to() {
    let app = TestApp::delivering().await;
    let url = format!("{}?second", app.receiver.url);
    let params = [
        ("url", url.as_str()),
        ("enabled_events[]", "charge.succeeded"),
        ("api_version", "2026-10-28.endive"),
        ("description", "Second"),
    ];
    let made = app.post(PATH, &params).await;
    let secret = made.body["secret"].as_str().expect("a secret").to_owned();
    let found = app.get(&format!("{PATH}/{}", made.id())).await;
    assert!(found.body.get("secret").is_none());
    assert_eq!((&found.body["status"], &found.body["url"]), (&"enabled".into(), &url.as_str().into()));
    app.authorized().await;
    app.wait_until_idle().await;
    let events = app.receiver.received();
    let second = events.iter().find(|event| event.kind() == "charge.succeeded").expect("the event");
    assert!(is_signed(second, &secret) && !is_signed(second, "whsec_sim"));
    assert_eq!(second.json()["api_version"], "2026-10-28.endive");
    let first = events.iter().find(|event| event.kind() == "created").expect("the event");
    assert!(is_signed(first, "whsec_sim") && !is_signed(first, &secret));
}

#[tokio::test]
async fn while_a_secret_is_rolled_two_sign_and_then_one() {
    let app = TestApp::delivering().await;
    let wanted = [("url", app.receiver.url.as_str()), ("enabled_events[]", "charge.succeeded")];
    let made = app.post(PATH, &wanted).await;
    let former = made.body["secret"].as_str().expect("a secret").to_owned();
    let rolled =
        app.post(&format!("/sim/webhook_endpoints/{}/roll", made.id()), &[("expires_in", "3600")]).await;
    let secret = rolled.body["secret"].as_str().expect("a secret").to_owned();
    let signed = async || {
        app.authorized().await;
        app.wait_until_idle().await;
        let events = app.receiver.received();
        let latest = events.iter().rev().find(|event| event.kind() == "charge.succeeded").expect("the event");
        (is_signed(latest, &former), is_signed(latest, &secret))
    };
    assert_eq!(signed().await, (true, true));
    app.advance_clock(Duration::from_hours(1)).await;
    assert_eq!(signed().await, (false, true));
}

#[tokio::test]
async fn a_disabled_or_removed_endpoint_receives_nothing() {
    let app = TestApp::delivering().await;
    let wanted = [("url", app.receiver.url.as_str()), ("enabled_events[]", "*")];
    let id = app.post(PATH, &wanted).await.id();
    let received = async || {
        let before = app.receiver.received().len();
        app.create().await;
        app.wait_until_idle().await;
        app.receiver.received().len() - before
    };
    assert_eq!(received().await, 2);
    let disabled = app.post(&format!("{PATH}/{id}"), &[("disabled", "true")]).await;
    assert_eq!(disabled.state(), "disabled");
    assert_eq!(received().await, 1);
    assert_eq!(app.post(&format!("{PATH}/{id}"), &[("disabled", "false")]).await.state(), "enabled");
    app.receiver.reply_with([500, 500]);
    app.create().await;
    app.wait_until_idle().await;
    assert_eq!(delete(&app, &id).await, 200);
    let before = app.receiver.received().len();
    app.advance_clock(Duration::from_secs(1)).await;
    assert_eq!(app.receiver.received().len() - before, 1, "its pending delivery is not sent");
    assert_eq!(delete(&app, &id).await, 404);
}

#[tokio::test]
async fn the_endpoint_of_the_start_is_listed_and_stays() {
    let app = TestApp::start().await;
    let made = app.post(PATH, &[("url", "http://127.0.0.1:9/x"), ("enabled_events[]", "*")]).await.id();
    let ids = async |query: &str| {
        let page = app.get(&format!("{PATH}?{query}")).await.body;
        let data = page["data"].as_array().expect("a list").clone();
        data.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [made.as_str(), "we_configured"]);
    assert_eq!(ids(&format!("starting_after={made}")).await, ["we_configured"]);
    assert_eq!(ids("ending_before=we_configured").await, [made.as_str()]);
    assert_eq!(delete(&app, "we_configured").await, 400);
    assert_eq!(app.post("/sim/webhook_endpoints/we_configured/roll", &[]).await.status, 400);
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_is_refused() {
    let app = TestApp::start().await;
    let (url, all) = (("url", "http://127.0.0.1:9/x"), ("enabled_events[]", "*"));
    for (params, code, param) in [
        (vec![all], "parameter_missing", "url"),
        (vec![url], "parameter_missing", "enabled_events"),
        (vec![url, ("enabled_events[]", "everything")], "", "enabled_events"),
        (vec![("url", "https://shop.example/hook"), all], "url_invalid", "url"),
        (vec![("url", "shop.example"), all], "url_invalid", "url"),
    ] {
        let response = app.post(PATH, &params).await;
        assert_eq!((response.status, response.code()), (400, code), "{params:?}");
        assert_eq!(response.body["error"]["param"], param);
    }
    for _ in 1..16 {
        assert_eq!(app.post(PATH, &[url, all]).await.status, 200);
    }
    assert_eq!(app.post(PATH, &[url, all]).await.status, 400, "Stripe allows 16");
    assert_eq!(app.get(&format!("{PATH}/we_1")).await.code(), "resource_missing");
}
