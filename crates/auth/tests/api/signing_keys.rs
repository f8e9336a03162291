//! The signing keys as stored, and the operator's commands on them.

use std::time::Duration;

use auth::{Config, MasterKey, SigningKeys};
use mail::testing::Recorder;
use serde_json::Value;

use crate::app::{PASSWORD, TestApp, master_key, token_in};

const DAY: Duration = Duration::from_hours(24);

/// The stored signing keys as JSON.
async fn stored(app: &TestApp) -> Vec<Value> {
    let scan =
        app.service.context.store.backend().scan("signing-keys", None, None, 100).await.expect("a database");
    let bodies = scan.into_iter().map(|(_, record)| record.expect("a record").body);
    bodies.map(|body| serde_json::from_str(&body).expect("JSON")).collect()
}

async fn keys(app: &TestApp) -> SigningKeys {
    SigningKeys::open(&app.service.context, master_key()).await.expect("the keys")
}

#[tokio::test]
async fn a_copy_of_the_database_holds_no_key_that_signs() {
    let app = TestApp::start().await;
    for key in stored(&app).await {
        let pair = key["pkcs8"].as_str().expect("a text");
        assert!(pair.starts_with("aes-256-gcm:"), "{key}");
    }
    let (clock, context) = app.service.stop().await;
    let other = MasterKey::from_bytes([2; 32]);
    let started = auth::service(&context, Config::default(), other, Recorder::new().context()).await;
    let refused = started.err().expect("it does not start without the key file");
    assert!(common::error_chain(&refused).contains("key file"), "{refused:?}");
    drop(clock);
}

#[tokio::test]
async fn keys_that_a_former_release_stored_in_clear_go_on_signing_and_are_encrypted() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    assert_eq!(keys(&app).await.unseal().await.expect("in clear"), 1);
    assert!(!stored(&app).await[0]["pkcs8"].as_str().expect("a text").contains(':'));
    let app = app.restart().await;
    assert!(app.current_user(&token).await.json["currentUser"].is_object());
    assert!(stored(&app).await[0]["pkcs8"].as_str().expect("a text").starts_with("aes-256-gcm:"));
}

#[tokio::test]
async fn a_rotation_signs_nobody_out_and_publishes_the_next_key_for_a_day() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let kid = |token: &str| jsonwebtoken::decode_header(token).expect("a header").kid;
    let signs_from = keys(&app).await.rotate().await.expect("rotated");
    assert_eq!(signs_from, app.service.context.clock.now().after(DAY));
    assert_eq!(keys(&app).await.rotate().await.expect("rotated already"), signs_from);
    assert_eq!(stored(&app).await.len(), 2);
    app.service.clock.advance(DAY);
    app.service.settle().await;
    let later = token_in(&app.sign_in("ann", PASSWORD).await).expect("a cookie");
    assert_ne!(kid(&later), kid(&token));
    assert!(app.current_user(&token).await.json["currentUser"].is_object());
}
