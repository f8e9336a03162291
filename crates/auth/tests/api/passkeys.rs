//! The caller's passkeys: registration, list and removal.

use std::time::Duration;

use auth::Config;
use auth::testing::Authenticator;
use runtime::testing::Reply;
use serde_json::{Value, json};

use crate::app::{ORIGIN, PASSKEYS, PASSWORD, TestApp, token_in};

const MINUTE: Duration = Duration::from_mins(1);

async fn options(app: &TestApp, token: &str) -> Value {
    let reply = app.with_token(token).post("/api/users/passkeys/options", Value::Null).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    reply.json
}

async fn add(app: &TestApp, token: &str, credential: &Value) -> Reply {
    app.with_token(token).post(PASSKEYS, json!({ "credential": credential })).await
}

async fn items(app: &TestApp, token: &str) -> Vec<Value> {
    let reply = app.with_token(token).get(PASSKEYS).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, "private, no-store"));
    reply.json["items"].as_array().expect("a list").clone()
}

fn path(passkey: &Value) -> String {
    format!("{PASSKEYS}/{}", passkey["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_passkey_is_added_listed_and_removed_and_its_owner_is_notified() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let options = options(&app, &token).await;
    let asked = &options["publicKey"];
    assert_eq!(asked["rp"], json!({ "id": "tickets.example", "name": "Ticketing" }));
    assert_eq!(asked["user"]["name"], "ann@example.com");
    assert_eq!((&asked["timeout"], &asked["attestation"]), (&json!(300_000), &json!("none")));
    let selection = json!({ "residentKey": "required", "userVerification": "required" });
    assert_eq!(asked["authenticatorSelection"], selection);

    let credential = Authenticator::new(ORIGIN).register(&options);
    let body = json!({ "name": "  My phone ", "credential": credential });
    let reply = app.with_token(&token).post(PASSKEYS, body).await;
    assert_eq!((reply.status, reply.header("cache-control")), (201, "private, no-store"));
    let passkey = reply.json;
    assert_eq!(
        passkey,
        json!({ "id": passkey["id"], "name": "My phone", "createdAt": "2026-11-22T10:00:00.000Z" })
    );
    assert_eq!(items(&app, &token).await, std::slice::from_ref(&passkey));

    assert_eq!(app.with_token(&token).delete(&path(&passkey)).await.status, 204);
    assert_eq!(items(&app, &token).await, [] as [Value; 0]);
    let gone = app.with_token(&token).delete(&path(&passkey)).await;
    assert_eq!((gone.status, gone.code()), (404, "not-found"));
    let notices = app.emails_to("ann@example.com").await;
    let count = |text: &str| notices.iter().filter(|email| email.text.contains(text)).count();
    let day = "your account on 2026-11-22 at 10:00 UTC";
    assert_eq!(count(&format!("A passkey was added to {day}")), 1);
    assert_eq!(count(&format!("A passkey was removed from {day}")), 1);
}

#[tokio::test]
async fn a_passkey_without_a_name_gets_one_and_a_name_that_is_not_valid_is_refused() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let credential = Authenticator::new(ORIGIN).register(&options(&app, &token).await);
    for name in ["x".repeat(101), "a\u{7}b".into(), "\u{202e}a".into()] {
        let body = json!({ "name": name, "credential": credential });
        let reply = app.with_token(&token).post(PASSKEYS, body).await;
        assert_eq!((reply.status, reply.fields()), (400, vec!["name"]), "{name:?}");
    }
    let reply = add(&app, &token, &credential).await;
    assert_eq!(
        (reply.status, &reply.json["name"]),
        (201, &json!("Passkey")),
        "the challenge was not used up"
    );
}

#[tokio::test]
async fn a_registration_that_breaks_a_rule_is_refused_on_its_field() {
    let app = TestApp::start().await;
    let (token, bob) = (app.sign_up("ann").await, app.sign_up("bob").await);
    let new = || Authenticator::new(ORIGIN);
    let (mut elsewhere, mut unverified) = (new(), new());
    elsewhere.relying_party = Some("evil.example".into());
    unverified.verifies_user = false;
    let asked = || options(&app, &token);
    let mut refused = vec![
        ("another origin", Authenticator::new("https://tickets.example.evil").register(&asked().await)),
        ("an origin without TLS", Authenticator::new("http://tickets.example").register(&asked().await)),
        ("another relying party", elsewhere.register(&asked().await)),
        ("no verification of the user", unverified.register(&asked().await)),
        ("another user's challenge", new().register(&options(&app, &bob).await)),
        ("an unknown challenge", {
            let mut options = asked().await;
            options["publicKey"]["challenge"] = json!("A".repeat(43));
            new().register(&options)
        }),
        ("the challenge of a sign-in", {
            let mut options = asked().await;
            options["publicKey"]["challenge"] = app.sign_in_challenge().await;
            new().register(&options)
        }),
        ("another credential beside the signed one", {
            let mut credential = new().register(&asked().await);
            credential["rawId"] = json!("AAAA");
            credential
        }),
    ];
    let old = new().register(&asked().await);
    for member in ["attestationObject", "clientDataJSON"] {
        let mut credential = new().register(&asked().await);
        credential["response"][member] = json!("AAAA");
        refused.push((member, credential));
    }
    for (what, credential) in [("nothing", json!({})), ("text", json!("x")), ("a list", json!([1]))] {
        refused.push((what, credential));
    }
    for (what, credential) in refused {
        let reply = add(&app, &token, &credential).await;
        assert_eq!((reply.status, reply.code()), (400, "not-valid"), "{what}: {}", reply.json);
        assert_eq!(reply.fields(), ["credential"], "{what}");
    }
    app.service.clock.advance(5 * MINUTE);
    assert_eq!(add(&app, &token, &old).await.fields(), ["credential"], "a challenge of five minutes ago");
    assert!(items(&app, &token).await.is_empty() && items(&app, &bob).await.is_empty());
}

#[tokio::test]
async fn a_challenge_and_a_credential_count_once() {
    let app = TestApp::start().await;
    let (token, bob) = (app.sign_up("ann").await, app.sign_up("bob").await);
    let mut authenticator = Authenticator::new(ORIGIN);
    let credential = authenticator.register(&options(&app, &token).await);
    assert_eq!(add(&app, &token, &credential).await.status, 201);
    assert_eq!(add(&app, &token, &credential).await.fields(), ["credential"], "the challenge again");
    for token in [&token, &bob] {
        let again = authenticator.register(&options(&app, token).await);
        assert_eq!(add(&app, token, &again).await.fields(), ["credential"], "the credential again");
    }
    assert_eq!((items(&app, &token).await.len(), items(&app, &bob).await.len()), (1, 0));
}

#[tokio::test]
async fn an_account_has_at_most_twenty_passkeys() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let spare = options(&app, &token).await;
    for _ in 0..20 {
        app.passkey(&token).await;
    }
    let reply = app.with_token(&token).post("/api/users/passkeys/options", Value::Null).await;
    assert_eq!((reply.status, reply.code()), (409, "too-many-passkeys"));
    let reply = add(&app, &token, &Authenticator::new(ORIGIN).register(&spare)).await;
    assert_eq!((reply.status, reply.code()), (409, "too-many-passkeys"));
    assert_eq!(items(&app, &token).await.len(), 20);
}

#[tokio::test]
async fn changes_of_passkeys_require_a_recent_authentication() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    app.passkey(&token).await;
    app.service.clock.advance(8 * MINUTE);
    let credential = Authenticator::new(ORIGIN).register(&options(&app, &token).await);
    app.service.clock.advance(2 * MINUTE);
    let passkey = &items(&app, &token).await[0];
    let caller = app.with_token(&token);
    for reply in [
        caller.post("/api/users/passkeys/options", Value::Null).await,
        add(&app, &token, &credential).await,
        caller.delete(&path(passkey)).await,
    ] {
        assert_eq!((reply.status, reply.code()), (403, "reauthentication-required"));
    }
    let proof = json!({ "password": PASSWORD });
    assert_eq!(caller.post("/api/users/reauthentication", proof).await.status, 204);
    assert_eq!(add(&app, &token, &credential).await.status, 201);
    assert_eq!(caller.delete(&path(passkey)).await.status, 204);
}

#[tokio::test]
async fn the_passkey_of_another_user_is_not_found() {
    let app = TestApp::start().await;
    let (token, bob) = (app.sign_up("ann").await, app.sign_up("bob").await);
    app.passkey(&token).await;
    let passkey = &items(&app, &token).await[0];
    for path in [path(passkey), format!("{PASSKEYS}/7"), format!("{PASSKEYS}/")] {
        let reply = app.with_token(&bob).header("if-match", "\"99\"").delete(&path).await;
        assert_eq!((reply.status, reply.code()), (404, "not-found"), "{path}");
    }
    assert_eq!(items(&app, &bob).await, [] as [Value; 0]);
    for (condition, status) in [("\"99\"", 412), ("*", 204)] {
        let reply = app.with_token(&token).header("if-match", condition).delete(&path(passkey)).await;
        assert_eq!(reply.status, status, "{condition}");
    }
}

#[tokio::test]
async fn every_route_needs_a_session() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    app.with_token(&token).post("/api/users/signout", Value::Null).await;
    for caller in [app.service.anonymous(), app.with_token("garbage"), app.with_token(&token)] {
        for reply in [
            caller.get(PASSKEYS).await,
            caller.post(PASSKEYS, Value::Null).await,
            caller.post("/api/users/passkeys/options", Value::Null).await,
            caller.delete(&format!("{PASSKEYS}/7")).await,
        ] {
            assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
        }
    }
}

#[tokio::test]
async fn open_challenges_of_a_user_are_limited() {
    let app = TestApp::start_with(Config { max_passkey_challenges: 2, ..Config::default() }).await;
    let (token, bob) = (app.sign_up("ann").await, app.sign_up("bob").await);
    for _ in 0..2 {
        options(&app, &token).await;
        app.service.clock.advance(MINUTE);
    }
    let reply = app.with_token(&token).post("/api/users/passkeys/options", Value::Null).await;
    assert_eq!((reply.status, reply.code()), (429, "too-many-requests"));
    assert_eq!(reply.header("retry-after"), "180");
    options(&app, &bob).await;
    app.service.clock.advance(3 * MINUTE);
    options(&app, &token).await;
}

#[tokio::test]
async fn adding_a_passkey_voids_no_session() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let other = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    app.passkey(&token).await;
    for token in [token, other] {
        assert!(app.current_user(&token).await.json["currentUser"].is_object());
    }
}
