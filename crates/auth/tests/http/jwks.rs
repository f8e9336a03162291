//! `GET /api/users/jwks.json`, and the keys' rotation.

use std::time::Duration;

use common::http::token::Claims;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use runtime::testing::{Reply, TestService};
use serde_json::json;

use crate::rig;

const DAY: Duration = Duration::from_hours(24);

async fn published(service: &TestService) -> (Reply, JwkSet) {
    let reply = service.anonymous().get("/api/users/jwks.json").await;
    let keys = serde_json::from_slice(&reply.body).expect("a key set");
    (reply, keys)
}

/// Whether somebody who knows nothing but the published keys takes the token for genuine.
async fn verifies(service: &TestService, token: &str) -> bool {
    let (_, keys) = published(service).await;
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
    let service = rig::start().await;
    let token = rig::sign_up(&service, "ann").await;
    assert!(verifies(&service, &token).await);
    let (reply, _) = published(&service).await;
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
    let key = &reply.json["keys"][0];
    let mut names: Vec<_> = key.as_object().expect("a key").keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("EC"), &json!("P-256"), &json!("ES256")));
    let tag = reply.header("etag").to_owned();
    let again = service.anonymous().header("if-none-match", &tag).get("/api/users/jwks.json").await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn a_token_of_a_tampered_body_does_not_verify() {
    let service = rig::start().await;
    let (ann, bob) = (rig::sign_up(&service, "ann").await, rig::sign_up(&service, "bob").await);
    let body = bob.split('.').nth(1).expect("a body").to_owned();
    let parts: Vec<_> = ann.split('.').collect();
    let tampered = [parts[0], &body, parts[2]].join(".");
    assert!(!verifies(&service, &tampered).await);
    assert_eq!(rig::current_user(&service, &tampered).await.json, json!({ "currentUser": null }));
}

#[tokio::test]
async fn the_same_keys_serve_after_a_restart() {
    let service = rig::start().await;
    let token = rig::sign_up(&service, "ann").await;
    let service = rig::restart(service).await;
    assert!(verifies(&service, &token).await);
    assert_eq!(published(&service).await.1.keys.len(), 1);
}

#[tokio::test]
async fn replicas_that_start_at_once_share_one_key() {
    let (clock, context) = runtime::testing::context();
    let starts = (0..4).map(|_| auth::start(&context, auth::Config::default()));
    let replicas = futures::future::join_all(starts).await;
    let mut replicas = replicas.into_iter().map(|replica| replica.expect("it starts"));
    let first = replicas.next().expect("a replica");
    let service = TestService::start_on(clock, context, first.service, Some(first.keys)).await;
    let token = rig::sign_up(&service, "ann").await;
    assert_eq!(published(&service).await.1.keys.len(), 1);
    for replica in replicas {
        assert!(replica.keys.find(&kid(&token)).await.is_ok_and(|key| key.is_some()));
    }
}

#[tokio::test]
async fn a_new_key_is_published_a_day_before_it_signs_and_the_old_one_stays_good() {
    let service = rig::start().await;
    let first = rig::sign_up(&service, "ann").await;

    service.clock.advance(29 * DAY);
    service.settle().await;
    assert_eq!(published(&service).await.1.keys.len(), 2);
    let early = rig::token(&rig::sign_in(&service, "ann", rig::PASSWORD).await).expect("a cookie");
    assert_eq!(kid(&early), kid(&first), "the new one does not sign yet");

    service.clock.advance(DAY);
    let late = rig::token(&rig::sign_in(&service, "ann", rig::PASSWORD).await).expect("a cookie");
    assert_ne!(kid(&late), kid(&first));
    for token in [&early, &late] {
        assert!(verifies(&service, token).await);
        assert_eq!(rig::current_user(&service, token).await.json["currentUser"]["email"], "ann@example.com");
    }
}

#[tokio::test]
async fn the_old_key_goes_once_no_session_can_need_it() {
    let service = rig::start().await;
    let first = rig::sign_up(&service, "ann").await;
    service.clock.advance((30 * DAY).saturating_sub(Duration::from_secs(1)));
    service.settle().await;
    let last = rig::token(&rig::sign_in(&service, "ann", rig::PASSWORD).await).expect("a cookie");
    assert_eq!(kid(&last), kid(&first));

    service.clock.advance(7 * DAY);
    service.settle().await;
    assert!(verifies(&service, &last).await, "its session may be idle until now");
    service.clock.advance(2 * DAY);
    service.settle().await;
    assert!(!verifies(&service, &last).await);
    assert_eq!(rig::current_user(&service, &last).await.json, json!({ "currentUser": null }));
}

#[tokio::test]
async fn keys_that_were_withdrawn_are_good_for_nothing_once_all_was_started_again() {
    let service = rig::start().await;
    let forged = rig::sign_up(&service, "ann").await;
    service.clock.advance(29 * DAY);
    service.settle().await;
    assert_eq!(published(&service).await.1.keys.len(), 2);
    let runtime::ServiceContext { store, clock, ids, .. } = &service.context;
    assert_eq!(auth::withdraw_keys(store, clock, ids).await.expect("they are withdrawn"), 2);

    let service = rig::restart(service).await;
    assert_eq!(published(&service).await.1.keys.len(), 1);
    assert!(!verifies(&service, &forged).await);
    assert_eq!(rig::current_user(&service, &forged).await.json, json!({ "currentUser": null }));
    let fresh = rig::token(&rig::sign_in(&service, "ann", rig::PASSWORD).await).expect("a cookie");
    assert!(verifies(&service, &fresh).await);
}
