//! `GET /api/users/jwks.json`, and the rotation of keys.

use std::sync::Arc;
use std::time::Duration;

use common::http::Sessions;
use common::http::token::{Claims, KeysUnavailable, VerifyingKeys};
use futures::future::{BoxFuture, FutureExt, ready};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use mail::testing::Recorder;
use parking_lot::Mutex;
use runtime::testing::{Reply, TestService};
use serde_json::json;

use crate::app::{PASSWORD, TestApp, token_in};

const DAY: Duration = Duration::from_hours(24);

async fn published(app: &TestApp) -> (Reply, JwkSet) {
    let reply = app.service.anonymous().get("/api/users/jwks.json").await;
    let keys = serde_json::from_slice(&reply.body).expect("a key set");
    (reply, keys)
}

/// Whether the published keys verify a token.
async fn verifies(app: &TestApp, token: &str) -> bool {
    let (_, keys) = published(app).await;
    let kid = jsonwebtoken::decode_header(token).expect("a header").kid.expect("a kid");
    let Some(jwk) = keys.find(&kid) else { return false };
    let mut rules = Validation::new(Algorithm::ES256);
    rules.validate_exp = false;
    let key = DecodingKey::from_jwk(jwk).expect("a key");
    jsonwebtoken::decode::<Claims>(token, &key, &rules).is_ok()
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).expect("a header").kid.expect("a kid")
}

#[tokio::test]
async fn the_published_keys_verify_a_real_token_and_hold_nothing_private() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    assert!(verifies(&app, &token).await);
    let (reply, _) = published(&app).await;
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
    let key = &reply.json["keys"][0];
    let mut names: Vec<_> = key.as_object().expect("a key").keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("EC"), &json!("P-256"), &json!("ES256")));
    let tag = reply.header("etag").to_owned();
    let again = app.service.anonymous().header("if-none-match", &tag).get("/api/users/jwks.json").await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn a_token_of_a_tampered_body_does_not_verify() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.sign_up("ann").await, app.sign_up("bob").await);
    let body = bob.split('.').nth(1).expect("a body").to_owned();
    let parts: Vec<_> = ann.split('.').collect();
    let tampered = [parts[0], &body, parts[2]].join(".");
    assert!(!verifies(&app, &tampered).await);
    assert_eq!(app.current_user(&tampered).await.json, json!({ "currentUser": null }));
}

#[tokio::test]
async fn the_same_keys_serve_after_a_restart() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let app = app.restart().await;
    assert!(verifies(&app, &token).await);
    assert_eq!(published(&app).await.1.keys.len(), 1);
}

#[tokio::test]
async fn replicas_that_start_at_once_share_one_key() {
    let (clock, context) = runtime::testing::context();
    let starts = (0..4).map(|_| auth::service(&context, auth::Config::default(), Recorder::new().context()));
    let replicas = futures::future::join_all(starts).await;
    let mut replicas = replicas.into_iter().map(|replica| replica.expect("it starts"));
    let first = replicas.next().expect("a replica");
    let service = TestService::start_on(clock, context, first.service, Some(first.keys)).await;
    let app = TestApp { service, mailer: Recorder::new() };
    let token = app.sign_up("ann").await;
    assert_eq!(published(&app).await.1.keys.len(), 1);
    for replica in replicas {
        assert!(replica.keys.find(&kid(&token)).await.is_ok_and(|key| key.is_some()));
    }
}

#[tokio::test]
async fn a_new_key_is_published_a_day_before_it_signs_and_the_old_one_stays_good() {
    let app = TestApp::start().await;
    let first = app.sign_up("ann").await;

    app.service.clock.advance(29 * DAY);
    app.service.settle().await;
    assert_eq!(published(&app).await.1.keys.len(), 2);
    let early = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    assert_eq!(kid(&early), kid(&first), "the new one does not sign yet");

    app.service.clock.advance(DAY);
    let late = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    assert_ne!(kid(&late), kid(&first));
    for token in [&early, &late] {
        assert!(verifies(&app, token).await);
        assert_eq!(app.current_user(token).await.json["currentUser"]["email"], "ann@example.com");
    }
}

#[tokio::test]
async fn the_old_key_goes_once_no_session_can_need_it() {
    let app = TestApp::start().await;
    let first = app.sign_up("ann").await;
    app.service.clock.advance((30 * DAY).saturating_sub(Duration::from_secs(1)));
    app.service.settle().await;
    let last = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    assert_eq!(kid(&last), kid(&first));

    app.service.clock.advance(7 * DAY);
    app.service.settle().await;
    assert!(verifies(&app, &last).await, "its session may be idle until now");
    app.service.clock.advance(2 * DAY);
    app.service.settle().await;
    assert!(!verifies(&app, &last).await);
    assert_eq!(app.current_user(&last).await.json, json!({ "currentUser": null }));
}

#[tokio::test]
async fn revoked_keys_verify_nothing_after_a_restart() {
    let app = TestApp::start().await;
    let forged = app.sign_up("ann").await;
    app.service.clock.advance(29 * DAY);
    app.service.settle().await;
    assert_eq!(published(&app).await.1.keys.len(), 2);
    let runtime::ServiceContext { store, clock, ids, .. } = &app.service.context;
    assert_eq!(auth::revoke_keys(store, clock, ids).await.expect("they are revoked"), 2);

    let app = app.restart().await;
    assert_eq!(published(&app).await.1.keys.len(), 1);
    assert!(!verifies(&app, &forged).await);
    assert_eq!(app.current_user(&forged).await.json, json!({ "currentUser": null }));
    let fresh = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    assert!(verifies(&app, &fresh).await);
}

#[tokio::test]
async fn revoked_keys_verify_no_token_that_was_verified_before() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    assert!(app.current_user(&token).await.json["currentUser"].is_object());
    let runtime::ServiceContext { store, clock, ids, .. } = &app.service.context;
    auth::revoke_keys(store, clock, ids).await.expect("they are revoked");
    app.service.clock.advance(Duration::from_hours(1));
    app.service.settle().await;
    assert_eq!(app.current_user(&token).await.json, json!({ "currentUser": null }));
}

/// The one key that is published, which a test replaces.
struct PublishedKey(Mutex<Option<Arc<DecodingKey>>>);

impl VerifyingKeys for PublishedKey {
    fn find<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Arc<DecodingKey>>, KeysUnavailable>> {
        ready(Ok(self.0.lock().clone())).boxed()
    }
}

#[tokio::test]
async fn a_signature_is_verified_once_while_its_key_is_published() {
    let app = TestApp::start().await;
    let (token, other) = (app.sign_up("ann").await, app.sign_up("bob").await);
    let key = DecodingKey::from_jwk(&published(&app).await.1.keys[0]).expect("a key");
    let keys = Arc::new(PublishedKey(Mutex::new(Some(Arc::new(key)))));
    let sessions = Sessions::new(keys.clone());
    let is_signed = async |token| {
        let claims = sessions.signed(token, app.service.context.clock.now()).await;
        claims.expect("the keys are available").is_some()
    };
    assert!(is_signed(&token).await);
    *keys.0.lock() = Some(Arc::new(DecodingKey::from_secret(b"verifies no signature")));
    assert!(is_signed(&token).await, "without the signature");
    assert!(!is_signed(&other).await, "a new token is verified");
    *keys.0.lock() = None;
    assert!(!is_signed(&token).await, "the key is no longer published");
}
