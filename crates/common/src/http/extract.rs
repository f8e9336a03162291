//! Extractors of ids: in the path, and for the resource that a request creates.

use std::convert::Infallible;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use uuid::Uuid;

use super::HttpContext;
use crate::Problem;

/// The id in the path. Extraction never fails, since 401 and 400 precede the 404 of a malformed id: see
/// [`PathId::parse`].
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(Option<T>);

impl<T> PathId<T> {
    /// The id.
    ///
    /// # Errors
    /// 404 if the path segment is not an id.
    pub fn parse(self) -> Result<T, Problem> {
        self.0.ok_or_else(Problem::not_found)
    }
}

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let id = params.and_then(|params| params.iter().next().and_then(|(_, id)| id.parse().ok()));
        Ok(Self(id))
    }
}

/// The id that the idempotency layer reserved for this request's new resource. A retry of the request receives the same
/// id, so it finds what the first attempt created.
#[derive(Debug, Clone, Copy)]
pub struct ReservedId(pub Uuid);

/// The id of the resource that the request creates: the reserved one, else a new one.
#[derive(Debug, Clone, Copy)]
pub struct FreshId<T>(pub T);

impl<T: From<Uuid>, S: Send + Sync> FromRequestParts<S> for FreshId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Some(ReservedId(id)) = parts.extensions.get() {
            return Ok(Self(T::from(*id)));
        }
        let context = HttpContext::from_request_parts(parts, state).await?;
        Ok(Self(context.ids.next()))
    }
}
