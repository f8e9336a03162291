//! `POST /api/users/signin/passkey/options` and `POST /api/users/signin/passkey`

use std::time::Duration;

use auth::Config;
use auth::domain::User;
use auth::testing::Authenticator;
use runtime::testing::{Caller, Reply};
use serde_json::{Value, json};
use store::Collection;

use crate::app::{ORIGIN, PASSKEYS, PASSWORD, TestApp, claims_of, token_in};

const SIGN_IN: &str = "/api/users/signin/passkey";
const OPTIONS: &str = "/api/users/signin/passkey/options";

async fn options(app: &TestApp) -> Value {
    let reply = app.service.anonymous().post(OPTIONS, Value::Null).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, "private, no-store"));
    reply.json
}

async fn sign_in_by(by: Caller, app: &TestApp, authenticator: &mut Authenticator) -> Reply {
    by.post(SIGN_IN, authenticator.sign(&options(app).await)).await
}

async fn sign_in(app: &TestApp, authenticator: &mut Authenticator) -> Reply {
    sign_in_by(app.service.anonymous(), app, authenticator).await
}

async fn passkeys(app: &TestApp, token: &str) -> Vec<Value> {
    let reply = app.with_token(token).get(PASSKEYS).await;
    reply.json["items"].as_array().expect("a list").clone()
}

#[track_caller]
fn assert_refused(what: &str, reply: &Reply) {
    assert_eq!((reply.status, reply.code()), (401, "invalid-credentials"), "{what}: {}", reply.json);
    let detail = "This passkey is not accepted; try again, or sign in with your password.";
    assert_eq!(reply.json["detail"], detail, "{what}");
    assert!(reply.header("set-cookie").is_empty(), "{what}");
}

#[tokio::test]
async fn a_passkey_signs_its_user_in_as_the_password_does() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let mut authenticator = app.passkey(&token).await;
    let asked = options(&app).await;
    let expected = json!({ "publicKey": {
        "challenge": asked["publicKey"]["challenge"], "timeout": 300_000, "rpId": "tickets.example",
        "allowCredentials": [], "userVerification": "required",
    } });
    assert_eq!(asked, expected);

    app.service.clock.advance(Duration::from_mins(1));
    let reply = sign_in_by(app.with_token(&token), &app, &mut authenticator).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, "private, no-store"));
    let ann = claims_of(&token).sub;
    assert_eq!(reply.json, json!({ "id": ann, "email": "ann@example.com", "verified": false }));
    let cookies: Vec<_> = reply.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 2, "the session and the browser: {cookies:?}");
    let new = token_in(&reply).expect("a cookie");
    assert_eq!(app.current_user(&new).await.json["currentUser"]["email"], "ann@example.com");
    assert!(app.current_user(&token).await.json["currentUser"].is_null(), "the former session has ended");
    assert_eq!(passkeys(&app, &new).await[0]["lastUsedAt"], "2026-11-22T10:01:00.000Z");
    assert_eq!(
        app.sign_in("ann", PASSWORD).await.status,
        200,
        "a passkey asks no second factor of a password"
    );
}

#[tokio::test]
async fn a_sign_in_that_breaks_a_rule_is_refused_without_a_reason() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let mut ann = app.passkey(&token).await;
    let mut bob = app.passkey(&app.sign_up("bob").await).await;
    let mut refused = Vec::new();

    ann.origin = "https://evil.example".into();
    refused.push(("another origin", ann.sign(&options(&app).await)));
    ann.origin = ORIGIN.into();
    ann.relying_party = Some("evil.example".into());
    refused.push(("another relying party", ann.sign(&options(&app).await)));
    ann.relying_party = None;
    ann.verifies_user = false;
    refused.push(("no verification of the user", ann.sign(&options(&app).await)));
    ann.verifies_user = true;

    let mut registration = options(&app).await;
    let asked = app.with_token(&token).post("/api/users/passkeys/options", Value::Null).await.json;
    registration["publicKey"]["challenge"] = asked["publicKey"]["challenge"].clone();
    refused.push(("the challenge of a registration", ann.sign(&registration)));
    registration["publicKey"]["challenge"] = json!("A".repeat(43));
    refused.push(("an unknown challenge", ann.sign(&registration)));

    let other = bob.sign(&options(&app).await);
    for member in ["signature", "authenticatorData", "clientDataJSON", "userHandle"] {
        let mut credential = ann.sign(&options(&app).await);
        credential["response"][member] = other["response"][member].clone();
        refused.push((member, credential.clone()));
        credential["response"][member] = json!("AAAA");
        refused.push((member, credential));
    }
    for member in ["rawId", "userHandle"] {
        let mut credential = ann.sign(&options(&app).await);
        if member == "rawId" {
            credential[member] = json!("AAAA");
        } else {
            credential["response"][member] = Value::Null;
        }
        refused.push((member, credential));
    }
    let old = ann.sign(&options(&app).await);
    for (what, credential) in refused {
        assert_refused(what, &app.service.anonymous().post(SIGN_IN, credential).await);
    }
    app.service.clock.advance(Duration::from_mins(5));
    assert_refused("a challenge of five minutes ago", &app.service.anonymous().post(SIGN_IN, old).await);
    assert_eq!(sign_in(&app, &mut ann).await.status, 200, "the passkey still counts");
}

#[tokio::test]
async fn of_many_sign_ins_with_one_challenge_one_counts() {
    let app = TestApp::start().await;
    let mut ann = app.passkey(&app.sign_up("ann").await).await;
    let asked = options(&app).await;
    let signed = [ann.sign(&asked), ann.sign(&asked), ann.sign(&asked)];
    let sign_ins = signed.map(|credential| {
        let caller = app.service.anonymous();
        async move { caller.post(SIGN_IN, credential).await.status }
    });
    let mut statuses = futures::future::join_all(sign_ins).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401]);
}

#[tokio::test]
async fn another_process_accepts_the_challenge() {
    let app = TestApp::start().await;
    let mut ann = app.passkey(&app.sign_up("ann").await).await;
    let signed = ann.sign(&options(&app).await);
    let app = app.restart().await;
    assert_eq!(app.service.anonymous().post(SIGN_IN, signed).await.status, 200);
}

#[tokio::test]
async fn a_used_challenge_is_used_even_if_the_signature_was_wrong() {
    let app = TestApp::start().await;
    let mut ann = app.passkey(&app.sign_up("ann").await).await;
    let right = ann.sign(&options(&app).await);
    let mut wrong = right.clone();
    wrong["response"]["signature"] = json!("AAAA");
    for (what, credential) in [("a wrong signature", wrong), ("the right one after it", right)] {
        assert_refused(what, &app.service.anonymous().post(SIGN_IN, credential).await);
    }
}

#[tokio::test]
async fn a_counter_that_goes_back_is_refused() {
    let app = TestApp::start().await;
    let mut ann = app.passkey(&app.sign_up("ann").await).await;
    // Each signature raises the counter before it is made.
    ann.counter = 9;
    assert_eq!(sign_in(&app, &mut ann).await.status, 200);
    for counter in [9, 4] {
        ann.counter = counter;
        assert_refused(&format!("{counter} and one"), &sign_in(&app, &mut ann).await);
    }
    ann.counter = 10;
    assert_eq!(sign_in(&app, &mut ann).await.status, 200);
}

#[tokio::test]
async fn a_removed_passkey_and_one_of_a_deleted_account_are_unknown() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let (mut removed, mut kept) = (app.passkey(&token).await, app.passkey(&token).await);
    let id = passkeys(&app, &token).await[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(app.with_token(&token).delete(&format!("{PASSKEYS}/{id}")).await.status, 204);
    assert_refused("a removed passkey", &sign_in(&app, &mut removed).await);
    assert_refused("an unknown one", &sign_in(&app, &mut Authenticator::new(ORIGIN)).await);
    assert_eq!(sign_in(&app, &mut kept).await.status, 200);

    let users: Collection<User> = app.service.context.store.collection();
    let user = users.get(claims_of(&token).sub).await.expect("the database").expect("the account");
    users.remove(&user).await.expect("removed");
    assert_refused("a deleted account", &sign_in(&app, &mut kept).await);
}

#[tokio::test]
async fn failed_passwords_lock_no_passkey_out_and_one_session_too_many_ends_the_oldest() {
    let config = Config { sign_in_failures_per_account: 2, max_sessions: 2, ..Config::default() };
    let app = TestApp::start_with(config).await;
    let first = app.sign_up("ann").await;
    let mut ann = app.passkey(&first).await;
    for status in [401, 401, 429] {
        assert_eq!(app.sign_in("ann", "wrong").await.status, status);
    }
    for _ in 0..2 {
        app.service.clock.advance(Duration::from_secs(1));
        assert_eq!(sign_in(&app, &mut ann).await.status, 200);
    }
    assert!(app.current_user(&first).await.json["currentUser"].is_null());
}

#[tokio::test]
async fn open_challenges_of_an_address_are_limited() {
    let app = TestApp::start_with(Config { max_passkey_challenges: 2, ..Config::default() }).await;
    let ask = async |from: &str| app.post_from(app.service.anonymous(), from, OPTIONS, &Value::Null).await;
    for _ in 0..2 {
        assert_eq!(ask("192.0.2.1").await.status, 200);
    }
    let reply = ask("192.0.2.1").await;
    assert_eq!((reply.status, reply.code(), reply.header("retry-after")), (429, "too-many-requests", "300"));
    assert_eq!(ask("198.51.100.1").await.status, 200);
    app.service.clock.advance(Duration::from_mins(5));
    assert_eq!(ask("192.0.2.1").await.status, 200);
}

#[tokio::test]
async fn a_body_without_a_signature_is_not_valid() {
    let app = TestApp::start().await;
    for body in [json!({}), json!([]), json!({ "rawId": "AAAA" }), json!({ "rawId": 7, "response": {} })] {
        let reply = app.service.anonymous().post(SIGN_IN, body.clone()).await;
        assert_eq!((reply.status, reply.code()), (400, "not-valid"), "{body}");
    }
}

#[tokio::test]
async fn challenges_that_were_not_used_are_removed() {
    let app = TestApp::start().await;
    options(&app).await;
    let count = async || {
        let all = app.service.context.store.backend().scan("passkey-challenges", None, None, 9).await;
        all.expect("the database").len()
    };
    assert_eq!(count().await, 1);
    app.service.clock.advance(Duration::from_mins(20));
    app.service.settle().await;
    assert_eq!(count().await, 0);
}
