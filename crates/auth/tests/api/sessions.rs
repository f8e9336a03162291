//! `GET /api/users/sessions`, `DELETE /api/users/sessions/{id}`, `DELETE /api/users/sessions`, and the purge

use std::time::Duration;

use auth::domain::Session;
use common::{Event, SessionId};
use runtime::testing::{Reply, edit};
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, claims_of, credentials, token_in};

const DAY: Duration = Duration::from_hours(24);
const SESSIONS: &str = "/api/users/sessions";

fn path(token: &str) -> String {
    format!("{SESSIONS}/{}", claims_of(token).sid)
}

async fn signs_in_with(app: &TestApp, name: &str, user_agent: &str) -> String {
    let body = credentials(&format!("{name}@example.com"), PASSWORD);
    let caller = app.service.anonymous().header("user-agent", user_agent);
    token_in(&caller.post("/api/users/signin", body).await).expect("a cookie")
}

async fn list(app: &TestApp, token: &str) -> Reply {
    let reply = app.with_token(token).get(SESSIONS).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    reply
}

/// The ids of the sessions, and whether each is the session of the request.
async fn ids(app: &TestApp, token: &str) -> Vec<(String, bool)> {
    let reply = list(app, token).await;
    let items = reply.json["items"].as_array().expect("a list");
    let read = |item: &Value| {
        (item["id"].as_str().expect("an id").to_owned(), item["current"].as_bool().expect("current"))
    };
    items.iter().map(read).collect()
}

fn sid(token: &str) -> String {
    claims_of(token).sid.to_string()
}

async fn is_signed_in(app: &TestApp, token: &str) -> bool {
    let asked = app.current_user(token).await.json["currentUser"].is_object();
    assert_eq!(app.with_token(token).get(SESSIONS).await.status == 200, asked);
    asked
}

/// The sessions whose revocation was published.
async fn revoked(app: &TestApp) -> Vec<SessionId> {
    let published = app.published().await.into_iter().map(|event| event.event);
    let sessions = published.map(|event| match event {
        Event::SessionRevoked(revoked) => revoked.session_id,
        other => panic!("not about a session: {other:?}"),
    });
    sessions.collect()
}

#[tokio::test]
async fn a_user_lists_their_own_sessions_and_no_others() {
    let app = TestApp::start().await;
    let first = app.sign_up("ann").await;
    app.sign_up("bob").await;
    app.service.clock.advance(Duration::from_mins(1));
    let second = signs_in_with(&app, "ann", " Firefox\t1  ").await;
    let reply = list(&app, &second).await;
    assert_eq!(reply.header("cache-control"), "private, no-store");
    let expected = json!({ "items": [
        {
            "id": sid(&second), "createdAt": "2026-11-22T10:01:00.000Z", "lastSeenAt": "2026-11-22T10:01:00.000Z",
            "userAgent": "Firefox 1", "current": true
        },
        {
            "id": sid(&first), "createdAt": "2026-11-22T10:00:00.000Z", "lastSeenAt": "2026-11-22T10:00:00.000Z",
            "current": false
        },
    ] });
    assert_eq!(reply.json, expected);
    assert_eq!(ids(&app, &first).await, [(sid(&second), false), (sid(&first), true)]);
}

#[tokio::test]
async fn a_session_that_is_over_is_not_shown() {
    let app = TestApp::start().await;
    let (idle, out) = (app.sign_up("ann").await, signs_in_with(&app, "ann", "x").await);
    app.with_token(&out).post("/api/users/signout", Value::Null).await;
    app.service.clock.advance(Duration::from_hours(24 * 7));
    let here = signs_in_with(&app, "ann", "y").await;
    assert_eq!(ids(&app, &here).await, [(sid(&here), true)], "neither {idle} nor {out}");
}

#[tokio::test]
async fn every_route_needs_a_session() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    for caller in [app.service.anonymous(), app.with_token("garbage")] {
        for reply in [
            caller.get(SESSIONS).await,
            caller.delete(SESSIONS).await,
            caller.delete(&path(&token)).await,
            caller.delete(&format!("{SESSIONS}/7")).await,
        ] {
            assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
        }
    }
    assert!(is_signed_in(&app, &token).await);
}

#[tokio::test]
async fn one_session_is_ended_at_once_and_announced_once() {
    let app = TestApp::start().await;
    let (here, there) = (app.sign_up("ann").await, signs_in_with(&app, "ann", "x").await);
    for _ in 0..2 {
        let reply = app.with_token(&here).delete(&path(&there)).await;
        assert_eq!((reply.status, reply.body.len(), token_in(&reply)), (204, 0, None));
    }
    assert!(!is_signed_in(&app, &there).await && is_signed_in(&app, &here).await);
    assert_eq!(ids(&app, &here).await, [(sid(&here), true)]);
    assert_eq!(revoked(&app).await, [claims_of(&there).sid]);
}

#[tokio::test]
async fn a_user_who_ends_their_own_session_is_signed_out() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let reply = app.with_token(&token).delete(&path(&token)).await;
    assert_eq!((reply.status, token_in(&reply).as_deref()), (204, Some("")));
    assert!(!is_signed_in(&app, &token).await);
}

#[tokio::test]
async fn the_session_of_another_user_is_not_found() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.sign_up("ann").await, app.sign_up("bob").await);
    let unknown = format!("{SESSIONS}/0192f0c0-7c1e-7e3a-8000-1234567890ab");
    for path in [path(&ann), unknown, format!("{SESSIONS}/7"), format!("{SESSIONS}/")] {
        // The owner is checked before the version, which discloses nothing.
        let reply = app.with_token(&bob).header("if-match", "\"9\"").delete(&path).await;
        assert_eq!((reply.status, reply.code()), (404, "not-found"), "{path}");
    }
    assert!(is_signed_in(&app, &ann).await);
    assert!(revoked(&app).await.is_empty());
}

#[tokio::test]
async fn a_condition_is_honoured() {
    let app = TestApp::start().await;
    let (here, there) = (app.sign_up("ann").await, signs_in_with(&app, "ann", "x").await);
    for (condition, status) in [("\"9\"", 412), ("*", 204)] {
        let reply = app.with_token(&here).header("if-match", condition).delete(&path(&there)).await;
        assert_eq!(reply.status, status, "{condition}");
    }
}

#[tokio::test]
async fn all_other_sessions_of_the_user_are_ended_and_no_others() {
    let app = TestApp::start().await;
    let bob = app.sign_up("bob").await;
    let here = app.sign_up("ann").await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(signs_in_with(&app, "ann", "x").await);
    }
    for expected in [3, 0] {
        let reply = app.with_token(&here).delete(SESSIONS).await;
        assert_eq!((reply.status, reply.body.len()), (204, 0));
        assert_eq!(revoked(&app).await.len(), expected);
    }
    for other in &others {
        assert!(!is_signed_in(&app, other).await);
    }
    assert!(is_signed_in(&app, &here).await && is_signed_in(&app, &bob).await);
    assert_eq!(ids(&app, &here).await, [(sid(&here), true)]);
}

async fn is_stored(app: &TestApp, token: &str) -> bool {
    let backend = app.service.context.store.backend();
    backend.get("sessions", claims_of(token).sid.into()).await.expect("the database").is_some()
}

#[tokio::test]
async fn a_session_is_kept_while_it_lives_and_removed_after() {
    let app = TestApp::start().await;
    let idle = app.sign_up("ann").await;
    app.service.clock.advance(6 * DAY);
    app.service.settle().await;
    let used = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    assert!(is_stored(&app, &idle).await);
    app.service.clock.advance(DAY + Duration::from_hours(1));
    app.service.settle().await;
    assert!(!is_stored(&app, &idle).await);
    assert!(is_stored(&app, &used).await);
}

#[tokio::test]
async fn a_revoked_session_is_kept_until_its_tokens_have_expired() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    app.with_token(&token).post("/api/users/signout", Value::Null).await;
    app.service.clock.advance(Duration::from_mins(14));
    app.service.settle().await;
    assert!(is_stored(&app, &token).await);
    app.service.clock.advance(Duration::from_hours(1));
    app.service.settle().await;
    assert!(!is_stored(&app, &token).await);
}

#[tokio::test]
async fn a_session_of_a_newer_release_is_reported_and_the_others_are_revoked() {
    let app = TestApp::start().await;
    let (newer, other) = (app.sign_up("ann").await, signs_in_with(&app, "ann", "Firefox").await);
    let current = signs_in_with(&app, "ann", "Chrome").await;
    let id = claims_of(&newer).sid;
    edit::<Session>(&app.service.context.store, id, |state| state["createdAt"] = "later".into()).await;
    assert_eq!(ids(&app, &current).await.len(), 2);
    let reply = app.with_token(&current).delete(SESSIONS).await;
    assert_eq!(reply.status, 500, "it may live on: {}", reply.json);
    assert!(!is_signed_in(&app, &other).await && is_signed_in(&app, &current).await);
}

#[tokio::test]
async fn one_session_too_many_ends_the_oldest() {
    let app = TestApp::start_with(auth::Config { max_sessions: 3, ..auth::Config::default() }).await;
    let mut tokens = vec![app.sign_up("ann").await];
    for _ in 0..3 {
        app.service.clock.advance(Duration::from_secs(1));
        tokens.push(token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie"));
    }
    for (number, token) in tokens.iter().enumerate() {
        let signed_in = app.current_user(token).await.json["currentUser"].is_object();
        assert_eq!(signed_in, number > 0, "session {number}");
    }
}
