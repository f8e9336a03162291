//! An id in the path.

use std::convert::Infallible;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::Problem;

/// The id in the path. Extracting it never fails, since 401 and 400 come before the 404 of a malformed id: see
/// [`PathId::known`].
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(Option<T>);

impl<T> PathId<T> {
    /// The id.
    ///
    /// # Errors
    /// 404 if it is not the form of an id: then nothing can be there.
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
