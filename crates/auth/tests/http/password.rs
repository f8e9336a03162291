//! `PUT /api/users/password`

use std::net::SocketAddr;

use auth::Config;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use common::Event;
use runtime::testing::{Reply, TestService};
use serde_json::{Value, json};

use crate::rig::{self, PASSWORD};

const PATH: &str = "/api/users/password";
const NEW: &str = "another vexed quartz";

fn change(current: &str, new: &str) -> Value {
    json!({ "current": current, "new": new })
}

async fn put(service: &TestService, token: &str, body: Value) -> Reply {
    rig::with(service, token).put(PATH, body).await
}

#[tokio::test]
async fn the_new_password_counts_and_every_other_session_is_over() {
    let service = rig::start().await;
    let there = rig::sign_up(&service, "ann").await;
    let bob = rig::sign_up(&service, "bob").await;
    let here = rig::token(&rig::sign_in(&service, "ann", PASSWORD).await).expect("a cookie");
    let reply = put(&service, &here, change(PASSWORD, NEW)).await;
    assert_eq!(
        (reply.status, reply.body.len(), reply.header("cache-control")),
        (204, 0, "private, no-store")
    );

    assert_eq!(rig::sign_in(&service, "ann", PASSWORD).await.status, 401);
    assert_eq!(rig::sign_in(&service, "ann", NEW).await.status, 200);
    assert_eq!(rig::sign_in(&service, "bob", PASSWORD).await.status, 200);
    let announced = service.announced().await;
    assert_eq!(announced.len(), 1);
    assert!(
        matches!(&announced[0].event, Event::SessionRevoked(one) if one.session_id == rig::claims(&there).sid)
    );
    for (token, signed_in) in [(&there, false), (&here, true), (&bob, true)] {
        assert_eq!(rig::current_user(&service, token).await.json["currentUser"].is_object(), signed_in);
    }
}

#[tokio::test]
async fn a_wrong_password_changes_nothing() {
    let service = rig::start().await;
    let there = rig::sign_up(&service, "ann").await;
    let here = rig::token(&rig::sign_in(&service, "ann", PASSWORD).await).expect("a cookie");
    let reply = put(&service, &here, change("wrong", NEW)).await;
    assert_eq!((reply.status, reply.code()), (401, "invalid-credentials"));
    assert!(rig::current_user(&service, &there).await.json["currentUser"].is_object());
    assert_eq!(rig::sign_in(&service, "ann", PASSWORD).await.status, 200);
    assert!(service.announced().await.is_empty());
}

#[tokio::test]
async fn nobody_changes_a_password_without_a_session() {
    let service = rig::start().await;
    rig::sign_up(&service, "ann").await;
    for body in [change(PASSWORD, NEW), json!({})] {
        for caller in [service.anonymous(), rig::with(&service, "garbage")] {
            let reply = caller.put(PATH, body.clone()).await;
            assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
        }
    }
}

#[tokio::test]
async fn every_fault_is_named_by_its_field_before_the_password_is_looked_at() {
    let service = rig::start().await;
    let token = rig::sign_up(&service, "ann").await;
    let rows = [
        (json!({}), vec!["current", "new"]),
        (json!({ "current": null, "new": null }), vec!["current", "new"]),
        (change("", "short"), vec!["current", "new"]),
        (change("wrong", "short"), vec!["new"]),
        (change(PASSWORD, "password1"), vec!["new"]),
        (change(PASSWORD, "ann@example.com"), vec!["new"]),
        (change(PASSWORD, &"x1!".repeat(43)), vec!["new"]),
        (change("", NEW), vec!["current"]),
        (json!({ "current": { "$gt": "" }, "new": NEW }), vec!["current"]),
        (json!({ "current": PASSWORD, "new": 7 }), vec!["new"]),
        (json!({ "current": PASSWORD, "new": NEW, "admin": true }), vec!["admin"]),
    ];
    for (body, fields) in rows {
        let reply = put(&service, &token, body.clone()).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, "not-valid", fields), "{body}");
        assert!(!String::from_utf8_lossy(&reply.body).contains(PASSWORD), "{body}");
    }
    assert_eq!(rig::sign_in(&service, "ann", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn whoever_guesses_is_slowed_down_as_at_sign_in_and_together_with_it() {
    let config = Config { sign_in_failures_per_account: 4, ..Config::default() };
    let service = rig::start_with(config).await;
    let token = rig::sign_up(&service, "ann").await;
    for _ in 0..2 {
        assert_eq!(put_from(&service, "192.0.2.1", &token, "wrong").await.status, 401);
        assert_eq!(rig::sign_in_from(&service, "192.0.2.1", "ann", "wrong").await.status, 401);
    }
    let reply = put_from(&service, "192.0.2.1", &token, PASSWORD).await;
    assert_eq!((reply.status, reply.code(), reply.header("retry-after")), (429, "too-many-attempts", "60"));
    assert_eq!(rig::sign_in_from(&service, "192.0.2.1", "ann", PASSWORD).await.status, 429);
    assert_eq!(put_from(&service, "198.51.100.1", &token, PASSWORD).await.status, 204);
}

async fn put_from(service: &TestService, peer: &str, token: &str, current: &str) -> Reply {
    let request = Request::put(PATH).header("content-type", "application/json");
    let mut request = request.body(Body::from(change(current, NEW).to_string())).expect("a request");
    let peer = SocketAddr::new(peer.parse().expect("an address"), 4711);
    request.extensions_mut().insert(ConnectInfo(peer));
    rig::with(service, token).send(request).await
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins() {
    let service = rig::start().await;
    let token = rig::sign_up(&service, "ann").await;
    let (one, other) = tokio::join!(
        put(&service, &token, change(PASSWORD, NEW)),
        put(&service, &token, change(PASSWORD, "yet another vexed quartz")),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 401]);
    let wins = if one.status == 204 { NEW } else { "yet another vexed quartz" };
    assert_eq!(rig::sign_in(&service, "ann", wins).await.status, 200);
}
