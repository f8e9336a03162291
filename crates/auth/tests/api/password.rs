//! `PUT /api/users/password`

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use auth::Config;
use auth::domain::User;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use common::{Clock, Event};
use futures::future::{BoxFuture, FutureExt, ready};
use runtime::ServiceContext;
use runtime::testing::{Reply, edit};
use serde_json::{Value, json};
use store::{Backend, CommitError, Intercept, Store, Write};

use crate::app::{PASSWORD, TestApp, claims_of, token_in};

const PATH: &str = "/api/users/password";
const NEW: &str = "another vexed quartz";

fn change(current: &str, new: &str) -> Value {
    json!({ "current": current, "new": new })
}

async fn put(app: &TestApp, token: &str, body: Value) -> Reply {
    app.with_token(token).put(PATH, body).await
}

#[tokio::test]
async fn a_change_whose_process_was_killed_before_the_revocations_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let here = app.sign_up("ann").await;
    app.service.clock.advance(Duration::from_secs(1));
    let there = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    app.service.clock.advance(Duration::from_secs(1));
    let end = json!({ "at": app.service.clock.now(), "except": claims_of(&there).sid });
    let store = &app.service.context.store;
    edit::<User>(store, claims_of(&here).sub, |user| user["sessionsEnd"] = end).await;
    assert!(app.current_user(&here).await.json["currentUser"].is_null());
    assert_eq!(app.with_token(&here).get("/api/users/sessions").await.status, 401, "it is revoked");
    assert!(app.current_user(&there).await.json["currentUser"].is_object());
}

#[tokio::test]
async fn the_new_password_counts_and_every_other_session_is_over() {
    let app = TestApp::start().await;
    let there = app.sign_up("ann").await;
    let bob = app.sign_up("bob").await;
    let here = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    let reply = put(&app, &here, change(PASSWORD, NEW)).await;
    assert_eq!(
        (reply.status, reply.body.len(), reply.header("cache-control")),
        (204, 0, "private, no-store")
    );

    assert_eq!(app.sign_in("ann", PASSWORD).await.status, 401);
    assert_eq!(app.sign_in("ann", NEW).await.status, 200);
    assert_eq!(app.sign_in("bob", PASSWORD).await.status, 200);
    let published = app.published().await;
    assert_eq!(published.len(), 1);
    assert!(
        matches!(&published[0].event, Event::SessionRevoked(one) if one.session_id == claims_of(&there).sid)
    );
    for (token, signed_in) in [(&there, false), (&here, true), (&bob, true)] {
        assert_eq!(app.current_user(token).await.json["currentUser"].is_object(), signed_in);
    }
}

/// A database in which another process changes a user just before the next armed commit.
struct Interfering {
    inner: Arc<dyn Backend>,
    is_armed: AtomicBool,
}

impl Intercept for Interfering {
    fn inner(&self) -> &dyn Backend {
        &*self.inner
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        if write.collection == "users" && self.is_armed.swap(false, Ordering::SeqCst) {
            return ready(Err(CommitError::Conflict)).boxed();
        }
        self.inner.commit(write)
    }
}

#[tokio::test]
async fn a_password_is_changed_although_the_account_changes_in_between_as_when_an_email_was_sent() {
    let (clock, context) = runtime::testing::context();
    let inner = Arc::clone(context.store.backend());
    let database = Arc::new(Interfering { inner, is_armed: AtomicBool::new(false) });
    let store = Store::new(Arc::clone(&database) as _, context.clock.clone(), context.ids.clone());
    let app = TestApp::start_on(clock, ServiceContext { store, ..context }, Config::default()).await;
    let session = app.sign_up("ann").await;
    app.service.settle().await;
    database.is_armed.store(true, Ordering::SeqCst);
    assert_eq!(put(&app, &session, change(PASSWORD, NEW)).await.status, 204);
    assert!(!database.is_armed.load(Ordering::SeqCst), "the account has changed in between");
    assert_eq!(app.sign_in("ann", NEW).await.status, 200);
}

#[tokio::test]
async fn a_wrong_password_changes_nothing() {
    let app = TestApp::start().await;
    let there = app.sign_up("ann").await;
    let here = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    let reply = put(&app, &here, change("wrong", NEW)).await;
    assert_eq!((reply.status, reply.code()), (401, "invalid-credentials"));
    assert!(app.current_user(&there).await.json["currentUser"].is_object());
    assert_eq!(app.sign_in("ann", PASSWORD).await.status, 200);
    assert!(app.published().await.is_empty());
}

#[tokio::test]
async fn a_password_is_not_changed_without_a_session() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    for body in [change(PASSWORD, NEW), json!({})] {
        for caller in [app.service.anonymous(), app.with_token("garbage")] {
            let reply = caller.put(PATH, body.clone()).await;
            assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
        }
    }
}

#[tokio::test]
async fn every_error_is_named_by_its_field_before_the_password_is_verified() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
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
        let reply = put(&app, &token, body.clone()).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, "not-valid", fields), "{body}");
        assert!(!String::from_utf8_lossy(&reply.body).contains(PASSWORD), "{body}");
    }
    assert_eq!(app.sign_in("ann", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn failures_are_throttled_as_at_sign_in_and_together_with_it() {
    let config = Config { sign_in_failures_per_account: 4, ..Config::default() };
    let app = TestApp::start_with(config).await;
    let token = app.sign_up("ann").await;
    for _ in 0..2 {
        assert_eq!(put_from(&app, "192.0.2.1", &token, "wrong").await.status, 401);
        assert_eq!(app.sign_in_from("192.0.2.1", "ann", "wrong").await.status, 401);
    }
    let reply = put_from(&app, "192.0.2.1", &token, PASSWORD).await;
    assert_eq!((reply.status, reply.code(), reply.header("retry-after")), (429, "too-many-attempts", "60"));
    assert_eq!(app.sign_in_from("192.0.2.1", "ann", PASSWORD).await.status, 429);
    assert_eq!(put_from(&app, "198.51.100.1", &token, PASSWORD).await.status, 204);
}

async fn put_from(app: &TestApp, peer: &str, token: &str, current: &str) -> Reply {
    let request = Request::put(PATH).header("content-type", "application/json");
    let mut request = request.body(Body::from(change(current, NEW).to_string())).expect("a request");
    let peer = SocketAddr::new(peer.parse().expect("an address"), 4711);
    request.extensions_mut().insert(ConnectInfo(peer));
    app.with_token(token).send(request).await
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let (one, other) = tokio::join!(
        put(&app, &token, change(PASSWORD, NEW)),
        put(&app, &token, change(PASSWORD, "yet another vexed quartz")),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 401]);
    let wins = if one.status == 204 { NEW } else { "yet another vexed quartz" };
    assert_eq!(app.sign_in("ann", wins).await.status, 200);
}
