//! `GET /api/users/activity`

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, credentials, token_in};

const ANN: &str = "ann@example.com";
const PATH: &str = "/api/users/activity";

/// The events, newest first.
async fn trail(app: &TestApp, token: &str) -> Vec<String> {
    app.service.settle().await;
    let reply = app.with_token(token).get(&format!("{PATH}?limit=100")).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    let items = reply.json["items"].as_array().expect("a list").iter();
    items.filter_map(|item| item["what"].as_str()).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_person_sees_what_happened_to_the_account_when_and_from_where() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    app.sign_up("bob").await;
    app.service.clock.advance(Duration::from_mins(1));
    let browser = app.service.anonymous().header("user-agent", "Firefox/145.0");
    let body = credentials(ANN, PASSWORD);
    let reply = app.post_from(browser, "192.0.2.7", "/api/users/signin", &body).await;
    let elsewhere = token_in(&reply).expect("a cookie");
    let reply = app.with_token(&elsewhere).get(&format!("{PATH}?limit=1")).await;
    let expected = json!({
        "at": "2026-11-22T10:01:00.000Z", "what": "sign-in", "address": "192.0.2.7", "userAgent": "Firefox/145.0",
    });
    assert_eq!(reply.json["items"], json!([expected]));
    let next = reply.json["next"].as_str().expect("a next page");
    let reply = app.with_token(&session).get(&format!("{PATH}?cursor={next}")).await;
    assert_eq!((&reply.json["items"][0]["what"], &reply.json["next"]), (&json!("sign-up"), &Value::Null));
    assert_eq!(app.service.anonymous().get(PATH).await.status, 401);
}

#[tokio::test]
async fn every_change_and_every_failed_sign_in_is_listed() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    app.sign_in("ann", "wrong").await;
    let here = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    let there = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    let caller = app.with_token(&here);
    let token = app.link_token(ANN).await;
    caller.post("/api/users/verify", json!({ "token": token })).await;
    caller.put("/api/users/email", json!({ "email": "new@example.com", "password": PASSWORD })).await;
    caller.post("/api/users/reauthentication", json!({ "password": PASSWORD })).await;
    app.with_token(&there).post("/api/users/signout", Value::Null).await;
    let items = caller.get("/api/users/sessions").await.json["items"].clone();
    let other = items.as_array().expect("a list").iter().find(|one| one["current"] == false);
    let other = other.expect("the first session")["id"].as_str().expect("an id").to_owned();
    assert_eq!(caller.delete(&format!("/api/users/sessions/{other}")).await.status, 204);
    assert_eq!(app.with_token(&session).get(PATH).await.status, 401);
    assert_eq!(caller.request(Method::DELETE, "/api/users/sessions", None).await.status, 204);
    let mut trail = trail(&app, &here).await;
    trail.sort_unstable();
    let expected = [
        "address-change-requested",
        "address-verified",
        "reauthentication",
        "reauthentication",
        "session-revoked",
        "sessions-revoked",
        "sign-in",
        "sign-in",
        "sign-in-failed",
        "sign-out",
        "sign-up",
    ];
    assert_eq!(trail, expected);
}

#[tokio::test]
async fn an_entry_is_purged_after_ninety_days() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    app.service.clock.advance(Duration::from_hours(91 * 24));
    let session = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    assert_eq!(trail(&app, &session).await, ["sign-in"]);
}
