//! `POST /api/users/signout`

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use common::event::SessionRevoked;
use common::http::{HttpContext, HttpSettings, MiddlewareStack, Sessions, VerifiedEmail};
use common::{Event, Time};
use mail::testing::Recorder;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::{PASSWORD, TestApp, claims_of, credentials, token_in};

const SIGN_OUT: &str = "/api/users/signout";

#[tokio::test]
async fn signing_out_ends_the_session_at_once_and_announces_it() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let reply = app.with_token(&token).request(axum::http::Method::POST, SIGN_OUT, None).await;
    assert_eq!((reply.status, token_in(&reply).as_deref()), (204, Some("")));
    let asked = app.current_user(&token).await;
    assert_eq!((&asked.json, token_in(&asked).as_deref()), (&json!({ "currentUser": null }), Some("")));

    let claims = claims_of(&token);
    let published = app.published().await;
    let revoked = SessionRevoked {
        session_id: claims.sid,
        user_id: claims.sub,
        tokens_expire_at: Time::from_millis(claims.exp * 1000),
    };
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].event, Event::SessionRevoked(revoked));
    assert_eq!((published[0].aggregate, published[0].version), (claims.sid.into(), 2));
}

#[tokio::test]
async fn a_revocation_is_published_again_while_the_tokens_of_the_session_live() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    app.with_token(&token).post(SIGN_OUT, Value::Null).await;
    let mut published = Vec::new();
    for second in (0..3600).step_by(15) {
        let events = app.published().await;
        assert!(events.iter().all(|envelope| matches!(envelope.event, Event::SessionRevoked(_))));
        published.extend(events.iter().map(|envelope| (second, envelope.version)));
        app.service.clock.advance(Duration::from_secs(15));
    }
    assert_eq!(published, [(0, 2), (30, 3), (150, 4), (630, 5)], "a token lives for 900 seconds");
}

#[tokio::test]
async fn signing_out_twice_or_without_a_session_succeeds() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    for caller in
        [app.with_token(&token), app.with_token(&token), app.service.anonymous(), app.with_token("x")]
    {
        let reply = caller.post(SIGN_OUT, Value::Null).await;
        assert_eq!((reply.status, token_in(&reply).as_deref()), (204, Some("")));
    }
    assert_eq!(app.published().await.len(), 1);
}

#[tokio::test]
async fn an_expired_token_still_ends_its_session() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    app.service.clock.advance(Duration::from_hours(1));
    app.with_token(&token).post(SIGN_OUT, Value::Null).await;
    assert_eq!(app.current_user(&token).await.json["currentUser"], Value::Null);
    assert_eq!(app.published().await.len(), 1);
}

#[tokio::test]
async fn the_other_sessions_stay() {
    let app = TestApp::start().await;
    let here = app.sign_up("ann").await;
    let there = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    app.with_token(&here).post(SIGN_OUT, Value::Null).await;
    assert_eq!(app.current_user(&there).await.json["currentUser"]["email"], "ann@example.com");
}

#[tokio::test]
async fn the_session_stays_over_after_a_restart() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    app.with_token(&token).post(SIGN_OUT, Value::Null).await;
    let app = app.restart().await;
    assert_eq!(app.current_user(&token).await.json["currentUser"], Value::Null);
}

#[tokio::test]
async fn this_process_refuses_the_token_before_the_revocation_is_published() {
    // Without workers, relay and consumers, only the handler itself can apply the revocation.
    let (_, context) = runtime::testing::context();
    let auth =
        auth::service(&context, auth::Config::default(), crate::app::master_key(), Recorder::new().context())
            .await
            .expect("it starts");
    let sessions = Sessions::new(auth.keys.clone());
    let context = HttpContext::new(HttpSettings {
        service: "auth",
        clock: context.clock.clone(),
        ids: context.ids.clone(),
        sessions: sessions.clone(),
        public_url: None,
        trusted_proxies: Vec::new(),
        max_writes: 0,
        max_streams: 0,
        verified_email: VerifiedEmail::Off,
    });
    let (router, _) = auth.service.routes.split_for_parts();
    let router = MiddlewareStack::new(context.clone(), &[]).wrap(router);
    let body = credentials("ann@example.com", PASSWORD).to_string();
    let sign_up = Request::post("/api/users/signup").header("content-type", "application/json");
    let reply = router.clone().oneshot(sign_up.body(Body::from(body)).expect("a request")).await;
    let cookie = reply.expect("a reply").headers()["set-cookie"].to_str().expect("text").to_owned();
    let cookie = cookie.split(';').next().expect("a cookie");
    let token = cookie.strip_prefix("session=").expect("the session cookie");
    assert!(sessions.verify(token, context.clock.now()).await.is_ok_and(|user| user.is_some()));

    let sign_out = Request::post(SIGN_OUT).header("cookie", cookie).body(Body::empty());
    let reply = router.oneshot(sign_out.expect("a request")).await.expect("a reply");
    assert_eq!(reply.status(), 204);
    assert!(sessions.verify(token, context.clock.now()).await.is_ok_and(|user| user.is_none()));
}
