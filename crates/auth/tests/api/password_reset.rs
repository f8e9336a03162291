//! `POST /api/users/password/forgotten` and `POST /api/users/password/reset`

use std::sync::Arc;
use std::time::Duration;

use auth::Config;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use runtime::ServiceContext;
use serde_json::json;
use store::{Backend, CommitError, Intercept, Record, Store, StoreError, UniqueKey, Write};
use uuid::Uuid;

use crate::app::{PASSWORD, TestApp, token_in};

const ANN: &str = "ann@example.com";
const FORGOTTEN: &str = "/api/users/password/forgotten";
const RESET: &str = "/api/users/password/reset";
const NEW: &str = "another vexed quartz";

async fn forget(app: &TestApp, email: &str) {
    let reply = app.service.anonymous().post(FORGOTTEN, json!({ "email": email })).await;
    assert_eq!((reply.status, reply.body.len()), (202, 0), "{email}");
}

async fn reset(app: &TestApp, token: &str, new: &str) -> (u16, String) {
    let reply = app.service.anonymous().post(RESET, json!({ "token": token, "new": new })).await;
    (reply.status, reply.code().to_owned())
}

fn refused() -> (u16, String) {
    (400, "token-invalid".to_owned())
}

fn done() -> (u16, String) {
    (204, String::new())
}

#[tokio::test]
async fn a_forgotten_password_is_set_by_a_link_that_ends_every_session() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    forget(&app, "ANN@example.com").await;
    let token = app.link_token(ANN).await;
    assert_eq!(reset(&app, &token, NEW).await, done());
    assert!(app.current_user(&session).await.json["currentUser"].is_null());
    assert_eq!(app.sign_in("ann", PASSWORD).await.status, 401);
    let signed_in = app.sign_in("ann", NEW).await;
    // Only the owner of the address has the link.
    assert_eq!((signed_in.status, &signed_in.json["verified"]), (200, &json!(true)));
    let emails = app.emails_to(ANN).await;
    assert!(emails.iter().any(|email| email.subject == "Your password was changed"));
    assert_eq!(reset(&app, &token, "a third vexed quartz").await, refused());
    assert_eq!(app.published().await.len(), 1);
}

/// A database that records what is done on users and requests.
struct Recording {
    inner: Arc<dyn Backend>,
    calls: Mutex<Vec<String>>,
}

impl Recording {
    fn note(&self, call: &str, collection: &str) {
        self.calls.lock().push(format!("{call} {collection}"));
    }
}

impl Intercept for Recording {
    fn inner(&self) -> &dyn Backend {
        &*self.inner
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.note("get", collection);
        self.inner.get(collection, id)
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        key: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        self.note("find", collection);
        self.inner.get_by_unique_key(collection, key)
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        self.note("commit", write.collection);
        self.inner.commit(write)
    }
}

#[tokio::test]
async fn a_request_does_the_same_whether_or_not_the_address_has_an_account() {
    let (clock, context) = runtime::testing::context();
    let database =
        Arc::new(Recording { inner: Arc::clone(context.store.backend()), calls: Mutex::default() });
    let store = Store::new(Arc::clone(&database) as _, context.clock.clone(), context.ids.clone());
    let app = TestApp::start_on(clock, ServiceContext { store, ..context }, Config::default()).await;
    app.sign_up("ann").await;
    forget(&app, "first@example.com").await;
    let mut done = Vec::new();
    for email in [ANN, "unknown@example.com"] {
        app.emails_to(email).await;
        database.calls.lock().clear();
        forget(&app, email).await;
        // The worker waits for the clock.
        done.push(database.calls.lock().clone());
    }
    assert_eq!(done[0], done[1]);
    assert_eq!(done[0], ["get attempt-counts", "commit attempt-counts", "commit reset-requests"]);
    assert_eq!((app.emails_to(ANN).await.len(), app.emails_to("unknown@example.com").await.len()), (2, 0));
}

#[tokio::test]
async fn a_link_is_void_after_half_an_hour_a_newer_one_and_a_change_of_the_password() {
    let app = TestApp::start().await;
    let session = app.sign_up("ann").await;
    forget(&app, ANN).await;
    let first = app.link_token(ANN).await;
    forget(&app, ANN).await;
    let second = app.link_token(ANN).await;
    assert_eq!(reset(&app, &first, NEW).await, refused());
    let body = json!({ "current": PASSWORD, "new": NEW });
    assert_eq!(app.with_token(&session).put("/api/users/password", body).await.status, 204);
    assert_eq!(reset(&app, &second, "a third vexed quartz").await, refused());
    forget(&app, ANN).await;
    let third = app.link_token(ANN).await;
    app.service.clock.advance(Duration::from_mins(30));
    assert_eq!(reset(&app, &third, "a third vexed quartz").await, refused());
    assert_eq!(app.sign_in("ann", NEW).await.status, 200);
}

#[tokio::test]
async fn a_weak_password_is_refused_and_the_link_stays_valid() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    forget(&app, ANN).await;
    let token = app.link_token(ANN).await;
    for weak in ["short", "password1password1", ANN] {
        let reply = app.service.anonymous().post(RESET, json!({ "token": token, "new": weak })).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, "not-valid", vec!["new"]), "{weak}");
    }
    assert_eq!(reset(&app, &token, NEW).await, done());
}

#[tokio::test]
async fn a_link_of_one_kind_is_none_of_another() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    let verification = app.link_token(ANN).await;
    assert_eq!(reset(&app, &verification, NEW).await, refused());
    forget(&app, ANN).await;
    let token = app.link_token(ANN).await;
    let reply = app.service.anonymous().post("/api/users/verify", json!({ "token": token })).await;
    assert_eq!(reply.code(), "token-invalid");
}

#[tokio::test]
async fn too_many_requests_get_the_same_reply_and_no_email() {
    let app = TestApp::start_with(Config { max_emails: 2, ..Config::default() }).await;
    app.sign_up("ann").await;
    for _ in 0..4 {
        forget(&app, ANN).await;
        app.emails_to(ANN).await;
    }
    assert_eq!(app.emails_to(ANN).await.len(), 3, "one of the sign-up and two of requests");
    for peer in ["192.0.2.1", "192.0.2.2"] {
        let reply = app.post_from(app.service.anonymous(), peer, FORGOTTEN, &json!({ "email": ANN })).await;
        assert_eq!(reply.status, 202);
    }
    assert_eq!(app.emails_to(ANN).await.len(), 3, "the account has requested enough");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused() {
    let app = TestApp::start().await;
    for body in [json!({}), json!({ "email": "ann" }), json!({ "email": 7 })] {
        let reply = app.service.anonymous().post(FORGOTTEN, body.clone()).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, "not-valid", vec!["email"]), "{body}");
    }
}

#[tokio::test]
async fn of_two_uses_of_a_link_at_once_one_wins() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    forget(&app, ANN).await;
    let token = app.link_token(ANN).await;
    let (one, other) = tokio::join!(reset(&app, &token, NEW), reset(&app, &token, "a third vexed quartz"));
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 400]);
    let wins = if one.0 == 204 { NEW } else { "a third vexed quartz" };
    assert!(token_in(&app.sign_in("ann", wins).await).is_some());
}
