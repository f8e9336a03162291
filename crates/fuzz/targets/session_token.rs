//! Session tokens: any text, and any header and claims under a genuine signature. An input is the header, and in the next
//! lines the claims, both as JSON.

#![no_main]

use std::sync::{Arc, LazyLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::Time;
use common::http::Sessions;
use common::http::token::{KeysUnavailable, VerifyingKeys};
use futures::FutureExt;
use futures::future::BoxFuture;
use jsonwebtoken::DecodingKey;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// The seeds' time of issue, in seconds.
const NOW: i64 = 1_700_000_000;

struct OneKey(Arc<DecodingKey>);

impl VerifyingKeys for OneKey {
    fn find<'a>(&'a self, kid: &'a str) -> BoxFuture<'a, Result<Option<Arc<DecodingKey>>, KeysUnavailable>> {
        let key = (kid == "key").then(|| Arc::clone(&self.0));
        Box::pin(async { Ok(key) })
    }
}

static PAIR: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"));

fn sessions() -> Sessions {
    static SESSIONS: LazyLock<Sessions> = LazyLock::new(|| {
        let key = DecodingKey::from_ec_der(PAIR.public_key().as_ref());
        Sessions::new(Arc::new(OneKey(Arc::new(key))))
    });
    SESSIONS.clone()
}

fn is_valid(token: &str) -> bool {
    let claims = sessions().verify(token, Time::from_millis(NOW * 1000)).now_or_never();
    claims.expect("nothing waits").expect("the keys are there").is_some()
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(!is_valid(text), "no input guesses a signature");
    }
    let (header, claims) = fuzz::first_line(data);
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = PAIR.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
    if !is_valid(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))) {
        return;
    }
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("JSON");
    let (header, claims) = (json(header), json(claims));
    assert_eq!((&header["alg"], &header["kid"]), (&"ES256".into(), &"key".into()));
    let second = |name: &str| claims[name].as_i64().expect("a time");
    assert!(second("exp") > NOW && second("exp") - second("iat") <= 900 && second("iat") <= NOW + 60);
    match header["typ"].as_str() {
        Some("session+jwt") => {
            assert_eq!((&claims["iss"], &claims["aud"]), (&"ticketing-auth".into(), &"ticketing".into()));
        }
        other => assert_eq!(other, Some("JWT"), "no other kind of token is one"),
    }
});
