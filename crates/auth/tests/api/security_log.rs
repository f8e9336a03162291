//! The security log: its lines name events and ids, and nothing personal.

use std::io;

use auth::{Config, SigningKeys};
use runtime::testing::LogLines;
use serde_json::Value;

use crate::app::{PASSWORD, TestApp, claims_of, master_key, token_in};

/// The security log since the last call.
fn security_lines(log: &LogLines) -> Vec<Value> {
    let text = log.take();
    for personal in ["example.com", "192.0.2.1", PASSWORD, "eyJ"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
    let security = LogLines::parse(&text).filter(|line| line["target"] == "security");
    security.map(|line| line["fields"].clone()).collect()
}

fn events(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["event"].as_str()).collect()
}

#[tokio::test]
async fn each_event_that_shows_an_attack_is_logged_with_ids_alone() {
    let log = LogLines::default();
    // With a single subscriber, `tracing` asks the default of the thread that reaches a line first: another test's.
    let _other = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone());
    let _default = tracing::subscriber::set_default(subscriber.finish());
    let config = Config { sign_in_failures_per_account: 2, max_sign_ups: 1, ..Config::default() };
    let app = TestApp::start_with(config).await;
    assert_eq!(events(&security_lines(&log)), ["key-generated"]);

    let token = app.sign_up("ann").await;
    let (user, session) = (claims_of(&token).sub.to_string(), claims_of(&token).sid.to_string());
    let logged = security_lines(&log);
    assert_eq!((events(&logged), &logged[0]["user"]), (vec!["sign-up"], &Value::from(user.clone())));
    let body = crate::app::credentials("bob@example.com", PASSWORD);
    assert_eq!(app.service.anonymous().post("/api/users/signup", body).await.status, 429);
    assert_eq!(events(&security_lines(&log)), ["sign-up-throttled"]);

    let here = "192.0.2.1";
    app.sign_in_from(here, "ann", PASSWORD).await;
    for name in ["unknown", "ann", "ann", "ann"] {
        app.sign_in_from(here, name, "wrong").await;
    }
    let logged = security_lines(&log);
    let failed = "sign-in-failed";
    assert_eq!(events(&logged), ["sign-in", failed, failed, failed, "sign-in-throttled"]);
    assert_eq!((&logged[1]["user"], &logged[2]["user"]), (&Value::from(""), &Value::from(user.clone())));
    assert_eq!((&logged[2]["throttles"], &logged[3]["throttles"]), (&Value::from(false), &Value::from(true)));

    app.with_token(&token).post("/api/users/signout", Value::Null).await;
    app.with_token(&token).post("/api/users/signout", Value::Null).await;
    let logged = security_lines(&log);
    assert_eq!((events(&logged), &logged[0]["session"]), (vec!["session-revoked"], &Value::from(session)));

    let token = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    let change = serde_json::json!({ "current": PASSWORD, "new": "another vexed quartz" });
    assert_eq!(app.with_token(&token).put("/api/users/password", change).await.status, 204);
    let logged = security_lines(&log);
    assert_eq!(events(&logged)[..3], ["sign-in", "reauthentication", "password-changed"], "{logged:?}");

    let keys = SigningKeys::open(&app.service.context, master_key()).await.expect("the keys");
    keys.revoke().await.expect("revoked");
    assert_eq!(events(&security_lines(&log)), ["key-revoked", "key-generated"]);
}
