//! The context of a service's extractors and middleware.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use ipnet::IpNet;

use super::token::{Claims, KeysUnavailable};
use super::{HostCookie, Sessions, VerifiedEmail};
use crate::{Ids, Problem, SharedClock};

/// The context of a service's extractors and middleware. Cheap to clone.
#[derive(Clone)]
pub struct HttpContext(Arc<Inner>);

/// See [`HttpContext`].
pub struct Inner {
    /// The name of the service.
    pub service: &'static str,
    /// The clock.
    pub clock: SharedClock,
    /// The source of ids.
    pub ids: Ids,
    /// The verifier of sessions.
    pub sessions: Sessions,
    /// The configured public URL, such as `https://tickets.example`; by default `http://` and the request's host.
    pub public_url: Option<String>,
    /// The networks of trusted proxies, whose forwarded headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// The largest number of writes of one person in a minute; 0: no limit.
    pub max_writes: u32,
    /// The largest number of open event streams of one person, or of one address without a session; 0: no limit.
    pub max_streams: usize,
    /// The actions that an account may take only once its email address is verified.
    pub verified_email: VerifiedEmail,
}

impl HttpContext {
    /// A context.
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Whether the public URL is https, so that cookies are `Secure`.
    pub fn is_secure(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// The claims of the first session cookie with a valid token.
    ///
    /// # Errors
    /// The key of a token is unknown and auth is unavailable.
    pub async fn valid_session(&self, headers: &HeaderMap) -> Result<Option<Arc<Claims>>, KeysUnavailable> {
        for token in HostCookie::session(self).values(headers) {
            if let Some(claims) = self.sessions.verify(&token, self.clock.now()).await? {
                return Ok(Some(claims));
            }
        }
        Ok(None)
    }

    /// The claims of the first session cookie with a valid token, else of the first that auth has signed: its session may
    /// live on although the token has expired.
    ///
    /// # Errors
    /// The key of a token is unknown and auth is unavailable.
    pub async fn signed_session(&self, headers: &HeaderMap) -> Result<Option<Arc<Claims>>, KeysUnavailable> {
        if let Some(claims) = self.valid_session(headers).await? {
            return Ok(Some(claims));
        }
        for token in HostCookie::session(self).values(headers) {
            if let Some(claims) = self.sessions.signed(&token, self.clock.now()).await? {
                return Ok(Some(claims));
            }
        }
        Ok(None)
    }
}

impl std::ops::Deref for HttpContext {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for HttpContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::internal("a route outside of the middleware"))
    }
}
