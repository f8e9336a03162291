//! Who is signed in: verifies the session token, and knows which sessions ended early.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use futures::future::BoxFuture;
use http::request::Parts;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use super::token_cache::TokenCache;
use super::{HttpContext, SessionCookie};
use crate::{Problem, SessionId, Time, UserId};

/// What the session token says (RFC 7519).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The person.
    pub sub: UserId,
    /// Their address.
    pub email: String,
    /// The session behind it.
    pub sid: SessionId,
    /// Issued at, in seconds since 1970.
    pub iat: i64,
    /// Good until, in seconds since 1970.
    pub exp: i64,
}

/// Without the address: it is personal.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("sub", &self.sub).field("sid", &self.sid).finish_non_exhaustive()
    }
}

impl Claims {
    pub(super) fn has_expired(&self, now: Time) -> bool {
        now.as_millis() >= self.exp.saturating_mul(1000)
    }
}

/// Where auth's public keys come from.
pub trait VerifyingKeys: Send + Sync + 'static {
    /// The key of this id (`kid`), if auth has published one.
    fn find<'a>(&'a self, kid: &'a str) -> BoxFuture<'a, Result<Option<Arc<DecodingKey>>, KeysUnavailable>>;
}

/// Auth's keys cannot be had right now, so nobody can tell whether a token is good. Whoever sent it stays signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("auth's public keys cannot be had")]
pub struct KeysUnavailable;

impl From<KeysUnavailable> for Problem {
    fn from(away: KeysUnavailable) -> Self {
        Self::unavailable().caused_by(away)
    }
}

/// Verifies tokens. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    keys: Arc<dyn VerifyingKeys>,
    revoked: Arc<RwLock<HashMap<SessionId, Time>>>,
    verified: Arc<TokenCache>,
}

impl Sessions {
    /// Sessions that are verified with these keys.
    pub fn new(keys: Arc<dyn VerifyingKeys>) -> Self {
        Self { keys, revoked: Arc::default(), verified: Arc::default() }
    }

    /// From now on this session is refused, although its tokens are good until `until`.
    pub fn revoke(&self, session: SessionId, until: Time, now: Time) {
        let mut revoked = self.revoked.write();
        // Once its last token has run out a session needs no remembering, so this stays as small as 15 minutes' worth.
        revoked.retain(|_, until| *until > now);
        revoked.insert(session, until);
    }

    /// What a token says if auth signed it, whether or not it has expired or its session was revoked.
    ///
    /// # Errors
    /// Its key is not known here, and auth cannot be asked for it.
    pub async fn signed(&self, token: &str) -> Result<Option<Claims>, KeysUnavailable> {
        let header = jsonwebtoken::decode_header(token).ok().filter(|header| header.alg == Algorithm::ES256);
        let Some(kid) = header.and_then(|header| header.kid) else { return Ok(None) };
        let Some(key) = self.keys.find(&kid).await? else { return Ok(None) };
        let mut rules = Validation::new(Algorithm::ES256);
        // Expiry is judged by the injected clock, not by the library's.
        rules.validate_exp = false;
        rules.required_spec_claims.clear();
        Ok(jsonwebtoken::decode::<Claims>(token, &key, &rules).ok().map(|token| token.claims))
    }

    /// Who a token stands for now.
    ///
    /// # Errors
    /// Its key is not known here, and auth cannot be asked for it.
    pub async fn verify(&self, token: &str, now: Time) -> Result<Option<CurrentUser>, KeysUnavailable> {
        let claims = match self.verified.get(token) {
            Some(claims) => Some(claims),
            None => self.signed(token).await?.map(|claims| self.verified.keep(token, claims, now)),
        };
        let good = claims.filter(|claims| !claims.has_expired(now) && !self.is_revoked(claims.sid));
        Ok(good.map(|claims| CurrentUser {
            id: claims.sub,
            email: claims.email.clone(),
            session: claims.sid,
        }))
    }

    /// Whether the session was ended early.
    pub fn is_revoked(&self, session: SessionId) -> bool {
        self.revoked.read().contains_key(&session)
    }
}

/// The person who sent the request; 401 if nobody is signed in, 503 if that cannot be told. `Option<CurrentUser>`
/// refuses only then.
#[derive(Clone, PartialEq, Eq)]
pub struct CurrentUser {
    /// The person.
    pub id: UserId,
    /// Their address.
    pub email: String,
    /// The session that the request came with.
    pub session: SessionId,
}

/// Without the address: it is personal.
impl fmt::Debug for CurrentUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, session, .. } = self;
        f.debug_struct("CurrentUser").field("id", id).field("session", session).finish_non_exhaustive()
    }
}

impl CurrentUser {
    /// Who sent a request with these headers.
    ///
    /// # Errors
    /// Their token's key is not known here, and auth cannot be asked for it.
    pub async fn of(
        context: &HttpContext,
        headers: &http::HeaderMap,
    ) -> Result<Option<Self>, KeysUnavailable> {
        match SessionCookie::of(context).read(headers) {
            Some(token) => context.sessions.verify(token, context.clock.now()).await,
            None => Ok(None),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        found.ok_or_else(Problem::not_signed_in)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for CurrentUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        // The idempotency layer may have looked already.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(Some(known.clone()));
        }
        let context = HttpContext::from_request_parts(parts, state).await?;
        Ok(Self::of(&context, &parts.headers).await?)
    }
}
