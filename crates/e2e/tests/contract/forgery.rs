//! Session tokens that auth did not sign.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use e2e::Endpoints;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// A token that auth has signed.
pub(crate) struct SignedToken {
    token: String,
    header: Value,
    claims: Value,
    jwk: Value,
}

impl SignedToken {
    /// Parses a cookie, and finds the key that signed its token.
    pub(crate) async fn read(cookie: &str, endpoints: &Endpoints) -> Self {
        let token = cookie.split_once('=').expect("a cookie").1.to_owned();
        let part = |index: usize| -> Value {
            let part = token.split('.').nth(index).expect("three parts");
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
        };
        let (header, claims) = (part(0), part(1));
        let set = endpoints.get("/api/users/jwks.json").await.json;
        let keys = set["keys"].as_array().expect("keys");
        let jwk = keys.iter().find(|key| key["kid"] == header["kid"]).expect("its key").clone();
        Self { token, header, claims, jwk }
    }

    pub(crate) fn claims(&self) -> &Value {
        &self.claims
    }

    pub(crate) fn header(&self) -> &Value {
        &self.header
    }

    /// Forged tokens, each with a description.
    pub(crate) fn forgeries(&self) -> Vec<(&'static str, String)> {
        let parts: Vec<&str> = self.token.split('.').collect();
        let (head, body, signature) = (parts[0], parts[1], parts[2]);
        let mut later = self.claims.clone();
        later["exp"] = json!(9_999_999_999_u64);
        let typ = &self.header["typ"];
        let none = |name: &str| encode(&json!({ "alg": name, "typ": typ, "kid": self.header["kid"] }));
        let point = |name: &str| {
            URL_SAFE_NO_PAD.decode(self.jwk[name].as_str().unwrap_or_default()).unwrap_or_default()
        };
        let public = [vec![4], point("x"), point("y")].concat();
        let mut flipped = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        flipped[10] ^= 1;
        let other_kid = encode(&json!({ "alg": "ES256", "typ": typ, "kid": "unknown" }));
        let no_kid = encode(&json!({ "alg": "ES256", "typ": typ }));
        let own_key = encode(
            &json!({ "alg": "ES256", "typ": typ, "kid": self.header["kid"], "jwk": self.jwk, "jku": "http://x" }),
        );
        vec![
            ("no algorithm", format!("{}.{body}.", none("none"))),
            ("no algorithm, its signature kept", format!("{}.{body}.{signature}", none("None"))),
            ("HMAC with the public point", self.hmac(&public)),
            ("HMAC with the published key", self.hmac(self.jwk.to_string().as_bytes())),
            ("another key under the right id", self.ecdsa(self.header["kid"].as_str())),
            ("another key under another id", self.ecdsa(Some("unknown"))),
            ("another key without an id", self.ecdsa(None)),
            ("other claims under the old signature", format!("{head}.{}.{signature}", encode(&later))),
            ("a signature with one bit turned", format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(flipped))),
            ("another key id under the old signature", format!("{other_kid}.{body}.{signature}")),
            ("no key id under the old signature", format!("{no_kid}.{body}.{signature}")),
            ("a key brought along", format!("{own_key}.{body}.{signature}")),
            ("no signature", format!("{head}.{body}")),
            ("an empty signature", format!("{head}.{body}.")),
            ("a signature of zeros", format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode([0; 64]))),
            ("a part too many", format!("{}.x", self.token)),
            ("garbage", "garbage".to_owned()),
            ("dots", "..".to_owned()),
            ("nothing", String::new()),
            ("a very long one", "x".repeat(6000)),
        ]
    }

    fn hmac(&self, secret: &[u8]) -> String {
        let text = |name: &str| self.header[name].as_str().map(str::to_owned);
        let header = Header { kid: text("kid"), typ: text("typ"), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &self.claims, &EncodingKey::from_secret(secret)).expect("a token")
    }

    fn ecdsa(&self, kid: Option<&str>) -> String {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let key = key.to_pkcs8v1().expect("a document");
        let typ = self.header["typ"].as_str().map(str::to_owned);
        let header = Header { kid: kid.map(str::to_owned), typ, ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, &self.claims, &EncodingKey::from_ec_der(key.as_ref())).expect("a token")
    }
}

fn encode(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}
