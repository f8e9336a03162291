//! The verification of sessions: by token, and against the set of revoked sessions.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use super::token::{self, Claims, KeysUnavailable, TokenCache, VerifiedToken, VerifyingKeys};
use crate::{SessionId, Time};

/// The verifier of session tokens, with the set of revoked sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    keys: Arc<dyn VerifyingKeys>,
    revoked: Arc<RwLock<HashMap<SessionId, Time>>>,
    cache: Arc<TokenCache>,
}

impl Sessions {
    /// A verifier with these keys.
    pub fn new(keys: Arc<dyn VerifyingKeys>) -> Self {
        Self { keys, revoked: Arc::default(), cache: Arc::default() }
    }

    /// Refuses this session from now on, although its tokens expire only at `until`.
    pub fn revoke(&self, session: SessionId, until: Time, now: Time) {
        let mut revoked = self.revoked.write();
        // A session whose last token has expired needs no entry, so the map holds 15 minutes of revocations.
        revoked.retain(|_, until| *until > now);
        revoked.insert(session, until);
    }

    /// The claims of a session token that auth signed, with a key that is still published, even if the token has expired
    /// or its session was revoked.
    ///
    /// # Errors
    /// The key is unknown and auth is unavailable.
    pub async fn signed(&self, token: &str, now: Time) -> Result<Option<Arc<Claims>>, KeysUnavailable> {
        if let Some(VerifiedToken { claims, kid }) = self.cache.get(token) {
            return Ok(self.keys.find(&kid).await?.map(|_| claims));
        }
        let Some(header) = token::header(token) else { return Ok(None) };
        let Some(kid) = header.kid.as_deref() else { return Ok(None) };
        let Some(key) = self.keys.find(kid).await? else { return Ok(None) };
        let Some(claims) = token::claims(token, &header, &key, now) else { return Ok(None) };
        let verified = VerifiedToken { claims: Arc::new(claims), kid: kid.into() };
        self.cache.insert(token, verified.clone(), now);
        Ok(Some(verified.claims))
    }

    /// The claims of a valid token: signed by auth, not expired, its session not revoked.
    ///
    /// # Errors
    /// The key is unknown and auth is unavailable.
    pub async fn verify(&self, token: &str, now: Time) -> Result<Option<Arc<Claims>>, KeysUnavailable> {
        let claims = self.signed(token, now).await?;
        Ok(claims.filter(|claims| !claims.has_expired(now) && !self.is_revoked(claims.sid)))
    }

    /// Whether the session was revoked.
    pub fn is_revoked(&self, session: SessionId) -> bool {
        self.revoked.read().contains_key(&session)
    }
}
