//! `PUT /api/users/email`

use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, claims_of, credentials, token_in};

const ANN: &str = "ann@example.com";
const NEW: &str = "new@example.com";
const PATH: &str = "/api/users/email";

fn change(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

async fn verify(app: &TestApp, token: &str) -> (u16, String) {
    let reply = app.service.anonymous().post("/api/users/verify", json!({ "token": token })).await;
    (reply.status, reply.code().to_owned())
}

#[tokio::test]
async fn an_address_changes_when_the_new_one_confirms_it() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    assert_eq!(app.with_token(&session).put(PATH, change(NEW, PASSWORD)).await.status, 202);
    let notice = app.emails_to(ANN).await.pop().expect("a notice");
    assert!(notice.text.contains(NEW) && !notice.text.contains("token="), "{}", notice.text);
    let user = app.current_user(&session).await.json["currentUser"].clone();
    assert_eq!((&user["email"], &user["verified"]), (&json!(ANN), &json!(false)));

    let token = app.link_token(NEW).await;
    assert_eq!(verify(&app, &token).await, (204, String::new()));
    let reply = app.current_user(&session).await;
    let user = &reply.json["currentUser"];
    assert_eq!((&user["email"], &user["verified"]), (&json!(NEW), &json!(true)));
    let fresh = token_in(&reply).expect("a cookie with the new address");
    assert_eq!((claims_of(&fresh).email.as_str(), claims_of(&fresh).sid), (NEW, claims_of(&session).sid));
    assert_eq!(token_in(&app.current_user(&fresh).await), None);
    assert_eq!(verify(&app, &token).await, (400, "token-invalid".into()));

    let anyone = app.service.anonymous();
    assert_eq!(anyone.post("/api/users/signin", credentials(ANN, PASSWORD)).await.status, 401);
    assert_eq!(anyone.post("/api/users/signin", credentials(NEW, PASSWORD)).await.status, 200);
    // The former address is free.
    app.sign_up("ann").await;
}

#[tokio::test]
async fn a_password_is_changed_with_a_token_of_the_former_address() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    app.with_token(&session).put(PATH, change(NEW, PASSWORD)).await;
    assert_eq!(verify(&app, &app.link_token(NEW).await).await.0, 204);
    let body = json!({ "current": PASSWORD, "new": "another vexed quartz" });
    assert_eq!(app.with_token(&session).put("/api/users/password", body).await.status, 204);
    assert_eq!(app.emails_to(NEW).await.len(), 2);
}

#[tokio::test]
async fn a_change_of_the_password_voids_a_requested_change_of_the_address() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    app.with_token(&session).put(PATH, change(NEW, PASSWORD)).await;
    let token = app.link_token(NEW).await;
    let body = json!({ "current": PASSWORD, "new": "another vexed quartz" });
    assert_eq!(app.with_token(&session).put("/api/users/password", body).await.status, 204);
    assert_eq!(verify(&app, &token).await, (400, "token-invalid".into()));
}

#[tokio::test]
async fn an_address_with_an_account_is_refused_also_ones_own_and_at_the_confirmation() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    app.sign_up("bob").await;
    for taken in ["Bob@example.com", ANN] {
        let reply = app.with_token(&session).put(PATH, change(taken, PASSWORD)).await;
        assert_eq!((reply.status, reply.code()), (409, "email-taken"), "{taken}");
    }
    assert_eq!(app.with_token(&session).put(PATH, change(NEW, PASSWORD)).await.status, 202);
    let token = app.link_token(NEW).await;
    app.sign_up("new").await;
    assert_eq!(verify(&app, &token).await, (409, "email-taken".into()));
    assert_eq!(app.current_user(&session).await.json["currentUser"]["email"], ANN);
}

#[tokio::test]
async fn a_wrong_password_changes_nothing_and_counts_as_a_failed_sign_in() {
    let config = auth::Config { sign_in_failures_per_account: 3, ..auth::Config::default() };
    let app = TestApp::start_with(config).await;
    let session = app.sign_up("ann").await;
    for _ in 0..3 {
        let reply = app.with_token(&session).put(PATH, change(NEW, "wrong")).await;
        assert_eq!((reply.status, reply.code()), (401, "invalid-credentials"));
    }
    let reply = app.with_token(&session).put(PATH, change(NEW, PASSWORD)).await;
    assert_eq!((reply.status, reply.code()), (429, "too-many-attempts"));
    assert!(app.emails_to(NEW).await.is_empty());
}

#[tokio::test]
async fn every_error_is_named_by_its_field() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    for (body, fields) in [
        (json!({}), vec!["email", "password"]),
        (change("new", ""), vec!["email", "password"]),
        (change("new@example.com\r\nBcc: eve@example.com", PASSWORD), vec!["email"]),
        (json!({ "email": NEW, "password": 7 }), vec!["password"]),
    ] {
        let reply = app.with_token(&session).put(PATH, body.clone()).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, "not-valid", fields), "{body}");
    }
    let reply = app.service.anonymous().put(PATH, json!({})).await;
    assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
}
