//! The form of session tokens: what a service accepts of a text that auth's key has signed.

use std::sync::Arc;

use auth::Config;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use common::http::token::{KeysUnavailable, VerifyingKeys};
use futures::future::{BoxFuture, FutureExt, ready};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use mail::testing::Recorder;
use runtime::testing::TestService;
use serde_json::{Value, json};

use crate::app::{TestApp, claims_of, master_key};

/// A key pair in place of auth's, as a thief of the database has it.
struct StolenKey {
    signing: EncodingKey,
    verifying: Arc<DecodingKey>,
}

impl StolenKey {
    fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let pkcs8 = pair.to_pkcs8v1().expect("PKCS #8");
        let verifying = Arc::new(DecodingKey::from_ec_der(pair.public_key().as_ref()));
        Self { signing: EncodingKey::from_ec_der(pkcs8.as_ref()), verifying }
    }

    fn sign(&self, typ: Option<&str>, claims: &Value) -> String {
        let header = Header {
            kid: Some("stolen".into()),
            typ: typ.map(str::to_owned),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, claims, &self.signing).expect("a token")
    }
}

impl VerifyingKeys for StolenKey {
    fn find<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Arc<DecodingKey>>, KeysUnavailable>> {
        ready(Ok(Some(Arc::clone(&self.verifying)))).boxed()
    }
}

/// The service, which takes the stolen key for auth's, and the time in seconds.
async fn start() -> (TestApp, Arc<StolenKey>, i64) {
    let (clock, context) = runtime::testing::context();
    let auth = auth::service(&context, Config::default(), master_key(), Recorder::new().context())
        .await
        .expect("it starts");
    let key = Arc::new(StolenKey::new());
    let now = context.clock.now().as_millis() / 1000;
    let service = TestService::start_on(clock, context, auth.service, Some(key.clone())).await;
    (TestApp { service, mailer: Recorder::new() }, key, now)
}

fn claims(now: i64) -> Value {
    let id = "019abc00-0000-7000-8000-000000000001";
    json!({ "sub": id, "email": "ann@example.com", "sid": id, "iat": now, "nbf": now, "exp": now + 900,
        "iss": "ticketing-auth", "aud": "ticketing" })
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    match value {
        Value::Null => claims.as_object_mut().expect("claims").remove(name),
        value => claims.as_object_mut().expect("claims").insert(name.to_owned(), value),
    };
    claims
}

#[tokio::test]
async fn only_a_short_session_token_of_this_site_is_one() {
    let (app, key, now) = start().await;
    let good = claims(now);
    let year = 365 * 24 * 3600;
    let rows = [
        ("as issued", Some("session+jwt"), good.clone(), 200),
        ("a clock that is a little ahead", Some("session+jwt"), claims(now + 50), 200),
        ("another type", Some("reset+jwt"), good.clone(), 401),
        ("no type", None, good.clone(), 401),
        ("the type of former releases", Some("JWT"), good.clone(), 401),
        ("another issuer", Some("session+jwt"), with(good.clone(), "iss", json!("elsewhere")), 401),
        ("no issuer", Some("session+jwt"), with(good.clone(), "iss", json!(null)), 401),
        ("another audience", Some("session+jwt"), with(good.clone(), "aud", json!("elsewhere")), 401),
        ("several audiences", Some("session+jwt"), with(good.clone(), "aud", json!(["ticketing"])), 401),
        ("no audience", Some("session+jwt"), with(good.clone(), "aud", json!(null)), 401),
        ("no beginning", Some("session+jwt"), with(good.clone(), "nbf", json!(null)), 401),
        ("a later beginning", Some("session+jwt"), with(good.clone(), "nbf", json!(now + 70)), 401),
        ("ten years", Some("session+jwt"), with(good.clone(), "exp", json!(now + 10 * year)), 401),
        ("a second too long", Some("session+jwt"), with(good.clone(), "exp", json!(now + 901)), 401),
        ("no end", Some("session+jwt"), with(good.clone(), "exp", json!(null)), 401),
        ("issued in a year", Some("session+jwt"), claims(now + year), 401),
        ("expired", Some("session+jwt"), claims(now - 900), 401),
        ("an overflow", Some("session+jwt"), with(good.clone(), "iat", json!(i64::MIN)), 401),
    ];
    for (what, typ, claims, status) in rows {
        let reply = app.with_token(&key.sign(typ, &claims)).get("/api/users/sessions").await;
        assert_eq!(reply.status, status, "{what}: {}", reply.json);
    }
}

#[tokio::test]
async fn a_token_of_the_former_release_counts_until_it_expires() {
    let (app, key, now) = start().await;
    let former =
        ["iss", "aud", "nbf"].into_iter().fold(claims(now), |claims, name| with(claims, name, json!(null)));
    let year = 365 * 24 * 3600;
    let rows = [
        ("as issued", former.clone(), 200),
        ("ten years", with(former.clone(), "exp", json!(now + 10 * year)), 401),
        (
            "issued in a year",
            with(with(former.clone(), "iat", json!(now + year)), "exp", json!(now + year + 9)),
            401,
        ),
    ];
    for (what, claims, status) in rows {
        let reply = app.with_token(&key.sign(Some("JWT"), &claims)).get("/api/users/sessions").await;
        assert_eq!(reply.status, status, "{what}: {}", reply.json);
    }
}

#[tokio::test]
async fn a_token_names_its_kind_its_issuer_and_its_audience() {
    let app = TestApp::start().await;
    let token = app.sign_up("ann").await;
    let header = jsonwebtoken::decode_header(&token).expect("a header");
    assert_eq!(header.typ.as_deref(), Some("session+jwt"));
    let all: Value = jsonwebtoken::dangerous::insecure_decode(&token).expect("a token").claims;
    assert_eq!((&all["iss"], &all["aud"]), (&json!("ticketing-auth"), &json!("ticketing")));
    assert_eq!(all["nbf"], json!(claims_of(&token).iat));
}
