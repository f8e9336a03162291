//! `GET /api/users/sessions`, `DELETE /api/users/sessions/{id}`, `DELETE /api/users/sessions`

use std::time::Duration;

use common::{Event, SessionId};
use runtime::testing::{Reply, TestService};
use serde_json::{Value, json};

use crate::rig::{self, PASSWORD};

const SESSIONS: &str = "/api/users/sessions";

fn path(token: &str) -> String {
    format!("{SESSIONS}/{}", rig::claims(token).sid)
}

async fn signs_in_with(service: &TestService, name: &str, user_agent: &str) -> String {
    let body = rig::credentials(&format!("{name}@example.com"), PASSWORD);
    let caller = service.anonymous().header("user-agent", user_agent);
    rig::token(&caller.post("/api/users/signin", body).await).expect("a cookie")
}

async fn list(service: &TestService, token: &str) -> Reply {
    let reply = rig::with(service, token).get(SESSIONS).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    reply
}

/// The ids of the sessions, and which is the one that asks.
async fn ids(service: &TestService, token: &str) -> Vec<(String, bool)> {
    let reply = list(service, token).await;
    let items = reply.json["items"].as_array().expect("a list");
    let read = |item: &Value| {
        (item["id"].as_str().expect("an id").to_owned(), item["current"].as_bool().expect("current"))
    };
    items.iter().map(read).collect()
}

fn sid(token: &str) -> String {
    rig::claims(token).sid.to_string()
}

async fn is_signed_in(service: &TestService, token: &str) -> bool {
    let asked = rig::current_user(service, token).await.json["currentUser"].is_object();
    assert_eq!(rig::with(service, token).get(SESSIONS).await.status == 200, asked);
    asked
}

/// The sessions whose end was announced.
async fn revoked(service: &TestService) -> Vec<SessionId> {
    let announced = service.published().await.into_iter().map(|event| event.event);
    let sessions = announced.map(|event| match event {
        Event::SessionRevoked(revoked) => revoked.session_id,
        other => panic!("not about a session: {other:?}"),
    });
    sessions.collect()
}

#[tokio::test]
async fn a_person_sees_where_they_are_signed_in_and_nobody_elses_sessions() {
    let service = rig::start().await;
    let first = rig::sign_up(&service, "ann").await;
    rig::sign_up(&service, "bob").await;
    service.clock.advance(Duration::from_mins(1));
    let second = signs_in_with(&service, "ann", " Firefox\t1  ").await;
    let reply = list(&service, &second).await;
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
    assert_eq!(ids(&service, &first).await, [(sid(&second), false), (sid(&first), true)]);
}

#[tokio::test]
async fn a_session_that_is_over_is_not_shown() {
    let service = rig::start().await;
    let (idle, out) = (rig::sign_up(&service, "ann").await, signs_in_with(&service, "ann", "x").await);
    rig::with(&service, &out).post("/api/users/signout", Value::Null).await;
    service.clock.advance(Duration::from_hours(24 * 7));
    let here = signs_in_with(&service, "ann", "y").await;
    assert_eq!(ids(&service, &here).await, [(sid(&here), true)], "neither {idle} nor {out}");
}

#[tokio::test]
async fn every_route_needs_a_session() {
    let service = rig::start().await;
    let token = rig::sign_up(&service, "ann").await;
    for caller in [service.anonymous(), rig::with(&service, "garbage")] {
        for reply in [
            caller.get(SESSIONS).await,
            caller.delete(SESSIONS).await,
            caller.delete(&path(&token)).await,
            caller.delete(&format!("{SESSIONS}/7")).await,
        ] {
            assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
        }
    }
    assert!(is_signed_in(&service, &token).await);
}

#[tokio::test]
async fn one_session_is_ended_at_once_and_announced_once() {
    let service = rig::start().await;
    let (here, there) = (rig::sign_up(&service, "ann").await, signs_in_with(&service, "ann", "x").await);
    for _ in 0..2 {
        let reply = rig::with(&service, &here).delete(&path(&there)).await;
        assert_eq!((reply.status, reply.body.len(), rig::token(&reply)), (204, 0, None));
    }
    assert!(!is_signed_in(&service, &there).await && is_signed_in(&service, &here).await);
    assert_eq!(ids(&service, &here).await, [(sid(&here), true)]);
    assert_eq!(revoked(&service).await, [rig::claims(&there).sid]);
}

#[tokio::test]
async fn whoever_ends_their_own_session_is_signed_out() {
    let service = rig::start().await;
    let token = rig::sign_up(&service, "ann").await;
    let reply = rig::with(&service, &token).delete(&path(&token)).await;
    assert_eq!((reply.status, rig::token(&reply).as_deref()), (204, Some("")));
    assert!(!is_signed_in(&service, &token).await);
}

#[tokio::test]
async fn there_is_no_session_of_somebody_else() {
    let service = rig::start().await;
    let (ann, bob) = (rig::sign_up(&service, "ann").await, rig::sign_up(&service, "bob").await);
    let unknown = format!("{SESSIONS}/0192f0c0-7c1e-7e3a-8000-1234567890ab");
    for path in [path(&ann), unknown, format!("{SESSIONS}/7"), format!("{SESSIONS}/")] {
        // Whose it is comes before its version: nothing is learnt of it.
        let reply = rig::with(&service, &bob).header("if-match", "\"9\"").delete(&path).await;
        assert_eq!((reply.status, reply.code()), (404, "not-found"), "{path}");
    }
    assert!(is_signed_in(&service, &ann).await);
    assert!(revoked(&service).await.is_empty());
}

#[tokio::test]
async fn a_condition_is_honoured() {
    let service = rig::start().await;
    let (here, there) = (rig::sign_up(&service, "ann").await, signs_in_with(&service, "ann", "x").await);
    for (condition, status) in [("\"9\"", 412), ("*", 204)] {
        let reply = rig::with(&service, &here).header("if-match", condition).delete(&path(&there)).await;
        assert_eq!(reply.status, status, "{condition}");
    }
}

#[tokio::test]
async fn all_others_are_ended_however_many_and_nobody_elses() {
    let service = rig::start().await;
    let bob = rig::sign_up(&service, "bob").await;
    let here = rig::sign_up(&service, "ann").await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(signs_in_with(&service, "ann", "x").await);
    }
    for expected in [3, 0] {
        let reply = rig::with(&service, &here).delete(SESSIONS).await;
        assert_eq!((reply.status, reply.body.len()), (204, 0));
        assert_eq!(revoked(&service).await.len(), expected);
    }
    for other in &others {
        assert!(!is_signed_in(&service, other).await);
    }
    assert!(is_signed_in(&service, &here).await && is_signed_in(&service, &bob).await);
    assert_eq!(ids(&service, &here).await, [(sid(&here), true)]);
}
