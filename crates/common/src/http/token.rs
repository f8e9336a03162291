//! Session tokens: their claims and form, the keys that verify them, and a cache of verified ones.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use crate::{Problem, SessionId, Time, UserId};

/// The claims of a session token (RFC 7519), beside those that are the same in every token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: UserId,
    /// The user's email address.
    pub email: String,
    /// The session.
    pub sid: SessionId,
    /// The time of issue, in seconds since 1970.
    pub iat: i64,
    /// The expiry, in seconds since 1970.
    pub exp: i64,
    /// When the session ends unless it is refreshed, in seconds since 1970; former releases write none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<i64>,
    /// Whether the user has proved that the address is theirs; former releases write none.
    #[serde(default)]
    pub verified: bool,
}

/// Omits the address, which is personal data.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("sub", &self.sub).field("sid", &self.sid).finish_non_exhaustive()
    }
}

/// The longest life of a token.
const MAX_LIFETIME: Duration = Duration::from_mins(15);
/// The difference between the clocks of two machines that a token allows for.
const CLOCK_MARGIN: Duration = Duration::from_mins(1);

/// The `iss` of every token.
const ISSUER: &str = "ticketing-auth";
/// The `aud` of every token.
const AUDIENCE: &str = "ticketing";
/// The `typ` of every token, so that no other kind of token is taken for one (RFC 8725 section 3.11).
const TYPE: &str = "session+jwt";
/// The `typ` of tokens of former releases, which have neither `iss`, `aud` nor `nbf`.
const FORMER_TYPE: &str = "JWT";

/// All claims of a token.
#[derive(Serialize, Deserialize)]
struct AllClaims {
    #[serde(flatten)]
    claims: Claims,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    aud: Option<String>,
    /// The time before which the token is not valid: that of its issue.
    #[serde(default)]
    nbf: Option<i64>,
}

/// Signs a session token (ES256) with the key of this id.
///
/// # Errors
/// The key cannot sign.
pub fn sign(claims: &Claims, kid: &str, key: &EncodingKey) -> Result<String, jsonwebtoken::errors::Error> {
    let header =
        Header { kid: Some(kid.to_owned()), typ: Some(TYPE.to_owned()), ..Header::new(Algorithm::ES256) };
    let (iss, aud) = (Some(ISSUER.to_owned()), Some(AUDIENCE.to_owned()));
    let claims = AllClaims { claims: claims.clone(), iss, aud, nbf: Some(claims.iat) };
    jsonwebtoken::encode(&header, &claims, key)
}

/// The header of a text that has the form of a session token.
pub(super) fn header(token: &str) -> Option<Header> {
    let header = jsonwebtoken::decode_header(token).ok()?;
    let is_session = matches!(header.typ.as_deref(), Some(TYPE | FORMER_TYPE));
    (header.alg == Algorithm::ES256 && is_session).then_some(header)
}

/// The claims of a token that this key signed as a session token of this site, for no longer than
/// [`MAX_LIFETIME`]. The token may have expired.
pub(super) fn claims(token: &str, header: &Header, key: &DecodingKey, now: Time) -> Option<Claims> {
    let mut rules = Validation::new(Algorithm::ES256);
    // Times are checked by the injected clock, and the rest below: tokens of former releases lack it.
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    let AllClaims { claims, iss, aud, nbf } = jsonwebtoken::decode(token, key, &rules).ok()?.claims;
    let is_ours = match header.typ.as_deref() {
        Some(TYPE) => iss.as_deref() == Some(ISSUER) && aud.as_deref() == Some(AUDIENCE) && nbf.is_some(),
        _ => iss.is_none() && aud.is_none() && nbf.is_none(),
    };
    let begins = Time::from_millis(nbf.unwrap_or(claims.iat).max(claims.iat).saturating_mul(1000));
    let lifetime = claims.exp.saturating_sub(claims.iat).saturating_mul(1000);
    let is_short = u128::try_from(lifetime).is_ok_and(|lifetime| lifetime <= MAX_LIFETIME.as_millis());
    (is_ours && is_short && begins <= now.after(CLOCK_MARGIN)).then_some(claims)
}

impl Claims {
    /// When the session ends, as far as this token tells.
    pub fn session_end(&self) -> Time {
        Time::from_millis(self.end.unwrap_or(self.exp).saturating_mul(1000))
    }

    pub(super) fn has_expired(&self, now: Time) -> bool {
        now.as_millis() >= self.exp.saturating_mul(1000)
    }
}

/// A source of auth's public keys.
pub trait VerifyingKeys: Send + Sync + 'static {
    /// The key of this id (`kid`); `None` if auth has not published it.
    fn find<'a>(&'a self, kid: &'a str) -> BoxFuture<'a, Result<Option<Arc<DecodingKey>>, KeysUnavailable>>;
}

/// Auth's keys are unavailable, so a token can be neither accepted nor refused. Its user stays signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("auth's public keys are unavailable")]
pub struct KeysUnavailable;

impl From<KeysUnavailable> for Problem {
    fn from(error: KeysUnavailable) -> Self {
        Self::unavailable().caused_by(error)
    }
}

/// The capacity, about 1 MiB.
const MAX_TOKENS: usize = 2048;

/// Claims of tokens with a verified signature: verification costs as much as the rest of a request. Keys, expiry and
/// revocation are checked at every request.
#[derive(Default)]
pub(super) struct TokenCache(RwLock<HashMap<Box<str>, VerifiedToken>>);

/// The claims of a token, and the id of the key that verified it.
#[derive(Clone)]
pub(super) struct VerifiedToken {
    pub(super) claims: Arc<Claims>,
    pub(super) kid: Arc<str>,
}

impl TokenCache {
    /// A cached token.
    pub(super) fn get(&self, token: &str) -> Option<VerifiedToken> {
        self.0.read().get(token).cloned()
    }

    /// Caches a verified token until it expires.
    pub(super) fn insert(&self, token: &str, verified: VerifiedToken, now: Time) {
        if verified.claims.has_expired(now) {
            return;
        }
        let mut tokens = self.0.write();
        if tokens.len() >= MAX_TOKENS {
            tokens.retain(|_, verified| !verified.claims.has_expired(now));
        }
        // Rare: each token is verified once more.
        if tokens.len() >= MAX_TOKENS {
            tokens.clear();
        }
        tokens.insert(token.into(), verified);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn verified(exp: i64) -> VerifiedToken {
        let (sub, sid) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let claims =
            Claims { sub, email: "ann@example.com".into(), sid, iat: 0, exp, end: None, verified: false };
        VerifiedToken { claims: Arc::new(claims), kid: "key".into() }
    }

    fn second(second: i64) -> Time {
        Time::from_millis(second * 1000)
    }

    #[test]
    fn a_token_is_cached_until_it_expires() {
        let cache = TokenCache::default();
        cache.insert("good", verified(10), second(9));
        cache.insert("expired", verified(10), second(10));
        assert_eq!(cache.get("good").map(|token| token.claims), Some(verified(10).claims));
        assert!(cache.get("expired").is_none() && cache.get("unknown").is_none());
    }

    #[test]
    fn the_cache_is_bounded_and_drops_expired_tokens_first() {
        let cache = TokenCache::default();
        let len = || cache.0.read().len();
        for number in 0..MAX_TOKENS {
            cache.insert(&number.to_string(), verified(if number == 0 { 20 } else { 10 }), second(0));
        }
        assert_eq!(len(), MAX_TOKENS);
        cache.insert("next", verified(30), second(15));
        assert_eq!(len(), 2, "the one that is still good, and the next");
        for number in 0..3 * MAX_TOKENS {
            cache.insert(&number.to_string(), verified(30), second(15));
            assert!(len() <= MAX_TOKENS);
        }
    }
}
