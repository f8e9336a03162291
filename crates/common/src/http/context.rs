//! What the extractors and the middleware of one service need to know.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use ipnet::IpNet;

use super::Sessions;
use crate::{Ids, Problem, SharedClock};

/// What the extractors and the middleware of one service need to know. Cheap to clone.
#[derive(Clone)]
pub struct HttpContext(Arc<Inner>);

/// See [`HttpContext`].
pub struct Inner {
    /// The time of every decision.
    pub clock: SharedClock,
    /// New ids.
    pub ids: Ids,
    /// Who is signed in.
    pub sessions: Sessions,
    /// The address that people type, such as `https://tickets.example`, if it was configured. Without it the scheme is
    /// http and the host is the request's.
    pub public_url: Option<String>,
    /// The networks of the proxies whose forwarded headers count.
    pub trusted_proxies: Vec<IpNet>,
}

impl HttpContext {
    /// A context.
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Whether people reach us over https, so that cookies must be `Secure`.
    pub fn is_secure(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
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
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::internal("a route outside the stack"))
    }
}
