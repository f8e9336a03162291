//! `DELETE /api/users`, and the deletion of unused accounts.

use std::sync::Arc;
use std::time::Duration;

use auth::Config;
use axum::http::Method;
use common::event::{AccountDeleted, ClosingRequest};
use common::http::token::Claims;
use common::{Envelope, Event};
use mail::testing::Recorder;
use runtime::testing::Reply;
use runtime::{EventFiles, ServiceContext, ServiceStore};
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, claims_of, credentials, master_key, token_in};

const PATH: &str = "/api/users";

async fn delete(app: &TestApp, token: &str, password: &str) -> Reply {
    app.with_token(token).request(Method::DELETE, PATH, Some(json!({ "password": password }))).await
}

async fn sign_up_again(app: &TestApp) -> Reply {
    let credentials = credentials("ann@example.com", PASSWORD);
    app.service.anonymous().post("/api/users/signup", credentials).await
}

fn request(events: &[Envelope]) -> Option<ClosingRequest> {
    events.iter().find_map(|event| match &event.event {
        Event::AccountClosing(request) => Some(request.clone()),
        _ => None,
    })
}

/// Deletes the account while orders decides by `decide`.
async fn delete_with(app: &TestApp, token: &str, decide: fn(ClosingRequest) -> Event) -> Reply {
    let Claims { sub, .. } = claims_of(token);
    let decision = async {
        let wanted = loop {
            if let Some(request) = request(&app.service.published().await) {
                break request;
            }
        };
        assert!(app.service.receive(sub.into(), 2, decide(wanted)).await);
    };
    tokio::join!(delete(app, token, PASSWORD), decision).0
}

/// The documents of a collection.
async fn stored(app: &TestApp, collection: &'static str) -> Vec<String> {
    let backend = app.service.context.store.backend();
    let found = backend.scan(collection, None, None, 1000).await.expect("a scan");
    found.into_iter().map(|(_, record)| record.expect("readable").body).collect()
}

#[tokio::test]
async fn a_deleted_account_leaves_no_session_and_no_personal_data() {
    let app = TestApp::start().await;
    let there = app.sign_up("ann").await;
    let here = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    app.sign_in("ann", "wrong").await;
    let id = claims_of(&here).sub;
    let reply = delete_with(&app, &here, Event::OrderClosingAccepted).await;
    assert_eq!((reply.status, token_in(&reply).as_deref()), (204, Some("")), "{}", reply.json);

    let published = app.published().await;
    let deleted = Event::AccountDeleted(AccountDeleted { user_id: id });
    assert_eq!(published.iter().filter(|event| event.event == deleted).count(), 1);
    let revoked = published.iter().filter(|event| matches!(event.event, Event::SessionRevoked(_)));
    assert_eq!(revoked.count(), 2);
    for token in [&there, &here] {
        assert_eq!(app.current_user(token).await.json["currentUser"], Value::Null);
        assert_eq!(delete(&app, token, PASSWORD).await.status, 401);
    }
    assert_eq!(app.sign_in("ann", PASSWORD).await.status, 401);
    let collections = ["users", "sessions", "reset-requests", "attempt-counts", "closings"];
    for collection in collections.into_iter().chain(["dead-letters", "idempotency-keys"]) {
        for document in stored(&app, collection).await {
            for personal in ["ann", "example.com", "argon2", "Firefox"] {
                assert!(!document.contains(personal), "{collection}: {document}");
            }
        }
    }
    let again = sign_up_again(&app).await;
    assert_eq!(again.status, 201, "the address is free");
    assert_ne!(again.json["id"], json!(id));
}

#[tokio::test]
async fn an_account_whose_payment_is_in_progress_stays_and_can_be_deleted_later() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let reply = delete_with(&app, &token, Event::OrderClosingRefused).await;
    assert_eq!((reply.status, reply.code()), (409, "order-paying"));
    assert!(app.current_user(&token).await.json["currentUser"].is_object());
    let reply = delete_with(&app, &token, Event::OrderClosingAccepted).await;
    assert_eq!(reply.status, 204, "{}", reply.json);
}

#[tokio::test]
async fn a_wrong_password_deletes_nothing_and_counts_as_a_failed_sign_in() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    for _ in 0..10 {
        let reply = delete(&app, &token, "wrong").await;
        assert_eq!((reply.status, reply.code()), (401, "invalid-credentials"));
    }
    let reply = delete(&app, &token, PASSWORD).await;
    assert_eq!((reply.status, reply.code()), (429, "too-many-attempts"));
    assert!(request(&app.service.published().await).is_none());
    let reply = app.with_token(&token).request(Method::DELETE, PATH, Some(json!({}))).await;
    assert_eq!((reply.status, &reply.json["errors"][0]["field"]), (400, &json!("password")));
    let anonymous = app.service.anonymous();
    assert_eq!(anonymous.request(Method::DELETE, PATH, Some(json!({}))).await.status, 401);
}

#[tokio::test]
async fn a_request_is_published_until_orders_answers_and_ends_after_a_restart() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let id = claims_of(&token).sub;
    // The caller gives up before the answer.
    let body = Some(json!({ "password": PASSWORD }));
    let impatient = app.with_token(&token);
    let impatient = impatient.request(Method::DELETE, PATH, body);
    let waited = tokio::time::timeout(Duration::from_millis(500), impatient).await;
    assert!(waited.is_err(), "orders has not answered");
    let first = request(&app.service.published().await).expect("published");
    let app = app.restart().await;
    app.service.clock.advance(Duration::from_secs(10));
    let again = request(&app.service.published().await).expect("published again");
    assert_eq!(first, again);
    for _ in 0..2 {
        assert!(app.service.receive(id.into(), 2, Event::OrderClosingAccepted(again.clone())).await);
    }
    assert_eq!(app.sign_in("ann", PASSWORD).await.status, 401);
    let deletions = async || {
        let published = app.published().await;
        published.iter().filter(|event| matches!(event.event, Event::AccountDeleted(_))).count()
    };
    assert_eq!(deletions().await, 1, "the second answer changes nothing");
    app.service.clock.advance(Duration::from_mins(1));
    assert_eq!(deletions().await, 1, "for services that have missed the first event");
}

#[tokio::test]
async fn an_unused_account_that_was_never_verified_releases_its_address_after_a_week() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    app.sign_up("bob").await;
    let link = app.link_token("bob@example.com").await;
    app.service.anonymous().post("/api/users/verify", json!({ "token": link })).await;
    let week = Duration::from_hours(7 * 24);
    app.service.clock.advance(week.saturating_sub(Duration::from_secs(1)));
    assert!(request(&app.service.published().await).is_none());
    app.service.clock.advance(Duration::from_secs(6));
    let wanted = request(&app.service.published().await).expect("asked for");
    assert_eq!((wanted.user_id, wanted.if_unused), (claims_of(&token).sub, true));

    // In use: asked for again two weeks later.
    let receive = async |event: Event| app.service.receive(wanted.user_id.into(), 2, event).await;
    assert!(receive(Event::OrderClosingRefused(wanted.clone())).await);
    app.service.clock.advance(week * 2);
    let wanted = request(&app.service.published().await).expect("asked for again");
    assert!(receive(Event::OrderClosingAccepted(wanted.clone())).await);
    assert_eq!(sign_up_again(&app).await.status, 201);
}

#[tokio::test]
async fn an_account_of_a_restored_database_is_deleted_again_by_the_events_of_orders() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let user_id = claims_of(&token).sub;
    let accepted = Event::OrderClosingAccepted(ClosingRequest { user_id, request: 7, if_unused: false });
    let accepted = Arc::new(app.service.envelope(user_id.into(), 2, accepted));
    let (clock, context) = app.service.stop().await;
    let restored = ServiceStore {
        name: auth::NAME,
        store: context.store.clone(),
        documents: auth::DOCUMENTS,
        recovery: &auth::RECOVERY,
    };
    let build = async |context: &ServiceContext| {
        let mail = Recorder::new().context();
        Ok(auth::service(context, Config::default(), master_key(), mail).await?.service)
    };
    let given = EventFiles { events: vec![accepted], ..EventFiles::default() };
    let summary = runtime::recover(&restored, &context, build, given).await.expect("recovered");
    assert_eq!((summary.applied, summary.refused), (1, vec![]));
    let app = TestApp::start_on(clock, context, Config::default()).await;
    assert_eq!(app.sign_in("ann", PASSWORD).await.status, 401);
}
