//! `GET /api/users/currentuser`

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, claims_of, token_in};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The email address of the current user, and the fresh token if the reply sets one.
async fn ask(app: &TestApp, token: &str) -> (Value, Option<String>) {
    let reply = app.current_user(token).await;
    (reply.json["currentUser"]["email"].clone(), token_in(&reply))
}

#[tokio::test]
async fn a_request_without_a_cookie_has_no_user() {
    let app = TestApp::start().await;
    let reply = app.service.anonymous().get("/api/users/currentuser").await;
    assert_eq!((reply.status, &reply.json), (200, &json!({ "currentUser": null })));
    assert_eq!(reply.header("cache-control"), "private, no-store");
    assert_eq!(reply.header("set-cookie"), "");
}

#[tokio::test]
async fn a_cookie_without_a_valid_token_is_removed() {
    let app = TestApp::start().await;
    assert_eq!(ask(&app, "garbage").await, (Value::Null, Some(String::new())));
}

#[tokio::test]
async fn a_young_token_is_kept() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    app.service.clock.advance((5 * MINUTE).saturating_sub(SECOND));
    assert_eq!(ask(&app, &token).await, (json!("ann@example.com"), None));
}

#[tokio::test]
async fn a_token_older_than_five_minutes_is_replaced() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    app.service.clock.advance(5 * MINUTE);
    let (who, fresh) = ask(&app, &token).await;
    assert_eq!(who, "ann@example.com");
    let (old, new) = (claims_of(&token), claims_of(&fresh.expect("a cookie")));
    assert_eq!((new.sid, new.sub), (old.sid, old.sub));
    assert_eq!((new.iat - old.iat, new.exp - new.iat), (300, 900));
}

#[tokio::test]
async fn an_expired_token_is_replaced_while_its_session_lives() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    app.service.clock.advance((7 * DAY).saturating_sub(MINUTE));
    let (who, fresh) = ask(&app, &token).await;
    assert_eq!(who, "ann@example.com");
    assert_eq!(ask(&app, &fresh.expect("a cookie")).await, (json!("ann@example.com"), None));
}

#[tokio::test]
async fn two_pages_that_ask_at_once_are_both_answered() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    app.service.clock.advance(HOUR);
    let (one, other) = tokio::join!(ask(&app, &token), ask(&app, &token));
    for (who, fresh) in [one, other] {
        assert_eq!(who, "ann@example.com");
        assert_eq!(ask(&app, &fresh.expect("a cookie")).await, (json!("ann@example.com"), None));
    }
}

#[tokio::test]
async fn a_session_that_is_not_used_for_seven_days_is_over() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    app.service.clock.advance(7 * DAY);
    assert_eq!(ask(&app, &token).await, (Value::Null, Some(String::new())));
    app.service.settle().await;
    assert_eq!(ask(&app, &token).await, (Value::Null, Some(String::new())), "also after the purge");
}

#[tokio::test]
async fn a_session_that_is_used_is_over_after_thirty_days() {
    let app = TestApp::start().await;
    let mut token = app.sign_up("ann").await;
    for day in 1..=30 {
        app.service.clock.advance(if day < 30 { DAY } else { DAY.saturating_sub(SECOND) });
        let (who, fresh) = ask(&app, &token).await;
        assert_eq!(who, "ann@example.com", "day {day}");
        token = fresh.expect("a cookie");
    }
    let start: common::Time = runtime::testing::START.parse().expect("a time");
    assert_eq!(claims_of(&token).exp * 1000, start.after(30 * DAY).as_millis(), "no token outlives it");
    app.service.clock.advance(SECOND);
    assert_eq!(ask(&app, &token).await, (Value::Null, Some(String::new())));
}

#[tokio::test]
async fn of_several_session_cookies_the_first_that_verifies_counts() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.sign_up("ann").await, app.sign_up("bob").await);
    for (cookies, who) in [
        (format!("session=junk; session={ann}"), json!("ann@example.com")),
        (format!("session={bob}; session={ann}"), json!("bob@example.com")),
        (format!("__Host-session={bob}; session={ann}"), json!("ann@example.com")),
        (format!("__Host-session={bob}"), Value::Null),
        ("session=junk".to_owned(), Value::Null),
    ] {
        let caller = app.service.anonymous().header("cookie", &cookies);
        let reply = caller.get("/api/users/currentuser").await;
        assert_eq!(reply.json["currentUser"]["email"], who, "{cookies}");
        let reply = caller.get("/api/users/sessions").await;
        assert_eq!(reply.status, if who.is_null() { 401 } else { 200 }, "{cookies}");
    }
    // An expired one behind a good one of another browser, and alone.
    app.service.clock.advance(HOUR);
    let fresh = token_in(&app.sign_in("bob", PASSWORD).await).expect("a cookie");
    let caller = app.service.anonymous().header("cookie", &format!("session={ann}; session={fresh}"));
    assert_eq!(caller.get("/api/users/currentuser").await.json["currentUser"]["email"], "bob@example.com");
    assert_eq!(ask(&app, &ann).await.0, "ann@example.com");
}
