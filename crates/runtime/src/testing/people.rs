//! Users whose tokens are signed with the harness's keys.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use common::http::token::{self, Claims, KeysUnavailable, VerifyingKeys};
use common::{SessionId, UserId};
use futures::future::{BoxFuture, FutureExt};
use jsonwebtoken::{DecodingKey, EncodingKey};

use crate::ServiceContext;

/// A signed-in user.
#[derive(Debug, Clone)]
pub struct Person {
    /// The id.
    pub id: UserId,
    /// The email address, `<name>@example.com`.
    pub email: String,
    /// The session.
    pub session: SessionId,
    /// The session token.
    pub token: String,
}

/// A key pair in place of auth's.
pub(super) struct TestKeys {
    signing: EncodingKey,
    verifying: Arc<DecodingKey>,
}

impl TestKeys {
    pub(super) fn new() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).expect("the same key");
        let verifying = Arc::new(DecodingKey::from_ec_der(pair.public_key().as_ref()));
        Self { signing: EncodingKey::from_ec_der(pkcs8.as_ref()), verifying }
    }

    pub(super) fn person(&self, name: &str, context: &ServiceContext) -> Person {
        let (id, session) = (context.ids.next(), context.ids.next());
        let email = format!("{name}@example.com");
        let iat = context.clock.now().as_millis() / 1000;
        let (exp, verified) = (iat + 900, false);
        let claims = Claims { sub: id, email: email.clone(), sid: session, iat, exp, end: None, verified };
        let token = token::sign(&claims, "test", &self.signing).expect("a token");
        Person { id, email, session, token }
    }
}

impl VerifyingKeys for TestKeys {
    fn find<'a>(&'a self, kid: &'a str) -> BoxFuture<'a, Result<Option<Arc<DecodingKey>>, KeysUnavailable>> {
        let key = (kid == "test").then(|| Arc::clone(&self.verifying));
        std::future::ready(Ok(key)).boxed()
    }
}

/// No keys at all, so that every request is one without a session.
pub struct NoKeys;

impl VerifyingKeys for NoKeys {
    fn find<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Arc<DecodingKey>>, KeysUnavailable>> {
        std::future::ready(Ok(None)).boxed()
    }
}
