//! `POST /api/users/verification` and `POST /api/users/verify`

use std::time::Duration;

use auth::Config;
use mail::SendError;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};

const ANN: &str = "ann@example.com";
const SEND: &str = "/api/users/verification";
const VERIFY: &str = "/api/users/verify";

fn day() -> Duration {
    Duration::from_hours(24)
}

async fn verify(app: &TestApp, token: &str) -> (u16, String) {
    let reply = app.service.anonymous().post(VERIFY, json!({ "token": token })).await;
    (reply.status, reply.code().to_owned())
}

fn refused() -> (u16, String) {
    (400, "token-invalid".to_owned())
}

#[tokio::test]
async fn a_sign_up_sends_a_link_that_verifies_the_address() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    assert_eq!(app.current_user(&session).await.json["currentUser"]["verified"], false);
    let emails = app.emails_to(ANN).await;
    assert_eq!(emails.len(), 1);
    assert!(emails[0].html.contains("https://tickets.example/auth/verify?token="), "{}", emails[0].html);

    let token = app.link_token(ANN).await;
    assert_eq!(verify(&app, &token).await, (204, String::new()));
    assert_eq!(app.current_user(&session).await.json["currentUser"]["verified"], true);
    assert_eq!(app.sign_in("ann", PASSWORD).await.json["verified"], true);
    assert_eq!(verify(&app, &token).await, refused());
    let links = app.emails_to(ANN).await.iter().filter(|email| email.text.contains("token=")).count();
    assert_eq!(links, 1);
}

#[tokio::test]
async fn the_replies_of_sign_up_and_sign_in_say_whether_the_address_is_verified() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    let reply = app.sign_in("ann", PASSWORD).await;
    assert_eq!((&reply.json["email"], &reply.json["verified"]), (&json!(ANN), &json!(false)));
}

#[tokio::test]
async fn a_further_email_supersedes_the_former_link() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    let first = app.link_token(ANN).await;
    assert_eq!(app.with_token(&session).post(SEND, json!({})).await.status, 202);
    let second = app.link_token(ANN).await;
    assert_ne!(first, second);
    assert_eq!(verify(&app, &first).await, refused());
    assert_eq!(verify(&app, &second).await, (204, String::new()));
    let again = app.with_token(&session).post(SEND, json!({})).await;
    assert_eq!((again.status, again.code()), (409, "already-verified"));
}

#[tokio::test]
async fn a_link_is_valid_for_a_day() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    let token = app.link_token(ANN).await;
    app.service.clock.advance(day());
    assert_eq!(verify(&app, &token).await, refused());
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    let token = app.link_token(ANN).await;
    let other = if token.ends_with('A') { "B" } else { "A" };
    let forged = format!("{}{other}", &token[..token.len() - 1]);
    for text in ["", "x", &forged, &token.repeat(2), &"A".repeat(64)] {
        assert_eq!(verify(&app, text).await, refused(), "{text}");
    }
    for body in
        [json!({}), json!({ "token": null }), json!({ "token": 7 }), json!({ "token": { "$gt": "" } })]
    {
        let reply = app.service.anonymous().post(VERIFY, body.clone()).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, "not-valid", vec!["token"]), "{body}");
    }
    assert_eq!(verify(&app, &token).await, (204, String::new()));
}

#[tokio::test]
async fn the_token_of_a_session_is_no_link_and_a_link_is_no_session() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    assert_eq!(verify(&app, &session).await, refused());
    let token = app.link_token(ANN).await;
    assert_eq!(app.current_user(&token).await.json["currentUser"], Value::Null);
}

#[tokio::test]
async fn of_many_requests_for_emails_few_are_accepted_for_an_account() {
    let app = TestApp::start_with(Config { max_emails: 2, ..Config::default() }).await;
    let session = app.sign_up("ann").await;
    for peer in ["192.0.2.1", "192.0.2.2"] {
        assert_eq!(app.post_from(app.with_token(&session), peer, SEND, &json!({})).await.status, 202);
    }
    let reply = app.post_from(app.with_token(&session), "192.0.2.3", SEND, &json!({})).await;
    assert_eq!((reply.status, reply.code(), reply.header("retry-after")), (429, "too-many-requests", "3600"));
    assert_eq!(app.emails_to(ANN).await.len(), 3);
    app.service.clock.advance(Duration::from_hours(1));
    let session = app.current_user(&session).await;
    let session = crate::app::token_in(&session).expect("a fresh cookie");
    assert_eq!(app.post_from(app.with_token(&session), "192.0.2.3", SEND, &json!({})).await.status, 202);
}

#[tokio::test]
async fn of_many_requests_for_emails_few_are_accepted_from_a_client_address() {
    let app = TestApp::start_with(Config { max_emails: 2, ..Config::default() }).await;
    let mut statuses = Vec::new();
    for (name, peer) in [("ann", "2001:db8::1"), ("bob", "2001:db8::2"), ("eve", "2001:db8::3")] {
        let session = app.sign_up(name).await;
        statuses.push(app.post_from(app.with_token(&session), peer, SEND, &json!({})).await.status);
    }
    assert_eq!(statuses, [202, 202, 429]);
    let session = app.sign_up("dan").await;
    assert_eq!(
        app.post_from(app.with_token(&session), "2001:db8:0:1::1", SEND, &json!({})).await.status,
        202
    );
}

#[tokio::test]
async fn an_email_is_sent_again_under_its_id_after_a_failure_and_not_after_a_refusal() {
    let app = TestApp::start().await;
    app.mailer.fail(SendError::Temporary("the mail server replied 451".into()));
    app.sign_up("ann").await;
    assert!(app.emails_to(ANN).await.is_empty());
    app.service.clock.advance(Duration::from_secs(10));
    assert_eq!(app.emails_to(ANN).await.len(), 1);

    app.mailer.fail(SendError::Permanent("the mail server replied 550".into()));
    app.sign_up("bob").await;
    app.service.clock.advance(day());
    assert!(app.emails_to("bob@example.com").await.is_empty());
}

#[tokio::test]
async fn a_verification_needs_a_session() {
    let app = TestApp::start().await;
    let reply = app.service.anonymous().post(SEND, json!({})).await;
    assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
}
