//! The id of what a `POST` is about to create.

use axum::extract::FromRequestParts;
use http::request::Parts;
use uuid::Uuid;

use super::HttpContext;
use crate::Problem;

/// The id that was set aside for this request when its `Idempotency-Key` was first seen. A repetition after a crash
/// gets the same id and so finds what the first one created, if it got that far.
#[derive(Debug, Clone, Copy)]
pub struct ReservedId(pub Uuid);

/// The id for what the request creates: the reserved one, else a new one.
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
