//! Credentials that open nothing: one of each kind.

use auth::{MasterKey, SigningKeys};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::Clock;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use runtime::ServiceContext;
use serde_json::{Value, json};

use crate::fixture::Fixture;
use crate::forgery::SignedToken;
use crate::http::Request;

/// The signing key of a world's auth, as a thief of the database and of the key file has it.
struct StolenKey {
    kid: String,
    key: EncodingKey,
}

impl StolenKey {
    async fn of(fixture: &Fixture) -> Self {
        let store = fixture.world.store("auth").clone();
        let context = ServiceContext { store: store.clone(), ..runtime::testing::context().1 };
        let keys =
            SigningKeys::open(&context, MasterKey::from_bytes([1; 32])).await.expect("the world's key");
        keys.unseal().await.expect("in clear");
        let stored = store.backend().scan("signing-keys", None, None, 1).await.expect("a scan");
        let (kid, record) = stored.into_iter().next().expect("a signing key");
        let record: Value = serde_json::from_str(&record.expect("readable").body).expect("JSON");
        let pkcs8 = STANDARD.decode(record["pkcs8"].as_str().expect("a key")).expect("Base64");
        Self { kid: kid.to_string(), key: EncodingKey::from_ec_der(&pkcs8) }
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        token(&self.kid, typ, claims, &self.key)
    }
}

fn token(kid: &str, typ: &str, claims: &Value, key: &EncodingKey) -> String {
    let header =
        Header { kid: Some(kid.to_owned()), typ: Some(typ.to_owned()), ..Header::new(Algorithm::ES256) };
    jsonwebtoken::encode(&header, claims, key).expect("a token")
}

fn foreign_key() -> EncodingKey {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    EncodingKey::from_ec_der(pair.to_pkcs8v1().expect("PKCS #8").as_ref())
}

/// Cookies that open nothing, each with its name; the tokens name the buyer.
pub(crate) async fn bad_credentials(fixture: &Fixture) -> Vec<(&'static str, String)> {
    const TYPE: &str = "session+jwt";
    let stolen = StolenKey::of(fixture).await;
    let genuine = SignedToken::read(&fixture.buyer.cookie(), &fixture.world.endpoints).await;
    let now = fixture.world.clock.now().as_millis() / 1000;
    let with = |name: &str, value: Value| {
        let mut claims = genuine.claims().clone();
        claims[name] = value;
        claims
    };
    // The stolen key signs tokens that count, so the credentials below fail for their own reason.
    let good = format!("session={}", stolen.sign(TYPE, genuine.claims()));
    assert_eq!(fixture.send(&Request::new("GET", "/api/orders").by(&good)).await.status, 200);

    let past = json!({ "iat": now - 900, "nbf": now - 900, "exp": now });
    // Of a session of its own: an expired token still signs out.
    let other = fixture.new_session(&fixture.buyer).await;
    let mut expired = SignedToken::read(&other, &fixture.world.endpoints).await.claims().clone();
    expired.as_object_mut().expect("claims").extend(past.as_object().expect("times").clone());
    let revoked = fixture.new_session(&fixture.buyer).await;
    let out = fixture.send(&Request::new("POST", "/api/users/signout").by(&revoked)).await;
    assert_eq!(out.status, 204);
    let none = json!({ "alg": "none", "typ": TYPE, "kid": stolen.kid });
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let link = fixture.link_token(&fixture.buyer).await;
    fixture.world.settle().await;
    let session = |token: String| format!("session={token}");
    vec![
        ("no cookie", String::new()),
        ("garbage", session("garbage".to_owned())),
        ("an expired token", session(stolen.sign(TYPE, &expired))),
        ("a revoked session", revoked),
        ("a foreign key", session(token(&stolen.kid, TYPE, genuine.claims(), &foreign_key()))),
        ("a foreign key of its own id", session(token("foreign", TYPE, genuine.claims(), &foreign_key()))),
        ("another audience", session(stolen.sign(TYPE, &with("aud", json!("elsewhere"))))),
        ("another issuer", session(stolen.sign(TYPE, &with("iss", json!("elsewhere"))))),
        ("another kind of token", session(stolen.sign("reset+jwt", genuine.claims()))),
        ("ten years", session(stolen.sign(TYPE, &with("exp", json!(now + 10 * 365 * 24 * 3600))))),
        ("no algorithm", session(format!("{}.{}.", encode(&none), encode(genuine.claims())))),
        ("the token of a link", session(link)),
        ("the cookie of another scheme", format!("__Host-{good}")),
    ]
}
