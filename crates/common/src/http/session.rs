//! The verification of sessions: by token, and against the set of revoked sessions.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use super::token::{self, Claims, KeysUnavailable, TokenCache, VerifiedToken, VerifyingKeys};
use crate::{SessionId, Time};

/// The verifier of session tokens, with the set of revoked sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    keys: Arc<dyn VerifyingKeys>,
    revoked: Arc<RwLock<HashMap<SessionId, Time>>>,
    cache: Arc<TokenCache>,
    /// The sessions with open streams.
    watched: Arc<Mutex<HashMap<SessionId, Arc<Notify>>>>,
}

/// A session with an open stream.
pub struct SessionWatch {
    sessions: Sessions,
    session: SessionId,
    revoked: Arc<Notify>,
}

impl Sessions {
    /// A verifier with these keys.
    pub fn new(keys: Arc<dyn VerifyingKeys>) -> Self {
        Self { keys, revoked: Arc::default(), cache: Arc::default(), watched: Arc::default() }
    }

    /// Refuses this session from now on, although its tokens expire only at `until`.
    pub fn revoke(&self, session: SessionId, until: Time, now: Time) {
        let mut revoked = self.revoked.write();
        // A session whose last token has expired needs no entry, so the map holds 15 minutes of revocations.
        revoked.retain(|_, until| *until > now);
        revoked.insert(session, until);
        drop(revoked);
        if let Some(watch) = self.watched.lock().get(&session) {
            watch.notify_waiters();
        }
    }

    /// Watches a session for as long as a stream of it is open.
    pub fn watch(&self, session: SessionId) -> SessionWatch {
        let revoked = Arc::clone(self.watched.lock().entry(session).or_default());
        SessionWatch { sessions: self.clone(), session, revoked }
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

impl SessionWatch {
    /// Waits until the session is revoked.
    pub async fn revoked(&self) {
        let mut revoked = pin!(self.revoked.notified());
        // Before the check, so that no revocation falls between the two.
        revoked.as_mut().enable();
        if !self.sessions.is_revoked(self.session) {
            revoked.await;
        }
    }
}

impl Drop for SessionWatch {
    fn drop(&mut self) {
        let mut watched = self.sessions.watched.lock();
        // This watch, and the map.
        if Arc::strong_count(&self.revoked) <= 2 {
            watched.remove(&self.session);
        }
    }
}
