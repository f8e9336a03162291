//! Pages of lists: the query, the cursor and the reply.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use http::request::Parts;
use serde::Serialize;

use super::Caching;
use crate::{FieldError, Problem};

/// The query parameters; the first occurrence of each counts, unknown ones are ignored.
#[derive(Debug, Clone)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map(|query| Self(query.0))
            .map_err(|_| {
                Problem::not_valid(vec![FieldError {
                    message: "the query cannot be read".into(),
                    field: None,
                }])
            })
    }
}

/// The page of a list that the caller requests: `?limit=` and `?cursor=`.
#[derive(Debug, Clone)]
pub struct PageQuery {
    /// The number of items, 1 to 100.
    pub limit: usize,
    cursor: Option<String>,
}

impl PageQuery {
    /// The number of items by default.
    const DEFAULT_LIMIT: usize = 20;
    /// The largest number of items.
    const MAX_LIMIT: usize = 100;

    /// The index position after which the page begins. `list` names the list with its filters and its order.
    ///
    /// # Errors
    /// 400 `bad-cursor` if the cursor is malformed or belongs to another list.
    pub fn after(&self, list: &str) -> Result<Option<Vec<u8>>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let position = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| {
            let (sum, position) = bytes.split_at_checked(8)?;
            // A position ends with a 16-byte id: see `RangeQuery::cursor`.
            (sum == checksum(list, position) && position.len() >= 16).then(|| position.to_vec())
        });
        position.map(Some).ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "bad-cursor",
                "The cursor does not belong to this list; start again without it.",
            )
        })
    }
}

/// The checksum of a list's name and a position (FNV-1a, <https://www.rfc-editor.org/rfc/rfc9923>). It detects truncated
/// cursors and those of other lists; it is no protection.
fn checksum(list: &str, position: &[u8]) -> [u8; 8] {
    let bytes = list.bytes().chain([0]).chain(position.iter().copied());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.to_be_bytes()
}

impl<S: Send + Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, state).await?;
        let limit = match query.get("limit") {
            None => Self::DEFAULT_LIMIT,
            Some(text) => {
                text.parse().ok().filter(|limit| (1..=Self::MAX_LIMIT).contains(limit)).ok_or_else(|| {
                    Problem::not_valid(vec![FieldError::new("limit", "must be a whole number from 1 to 100")])
                })?
            }
        };
        Ok(Self { limit, cursor: query.get("cursor").map(str::to_owned) })
    }
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Listing<T> {
    /// The items.
    pub items: Vec<T>,
    /// The `?cursor=` of the next page; `null` on the last page.
    pub next: Option<String>,
}

impl<T> Listing<T> {
    /// A page of the list of this name; `next` is the position of its last item, if more follow.
    pub fn new(list: &str, items: Vec<T>, next: Option<Vec<u8>>) -> Self {
        let next =
            next.map(|position| URL_SAFE_NO_PAD.encode([&checksum(list, &position)[..], &position].concat()));
        Self { items, next }
    }
}

/// A list behind a session is never cached.
impl<T: Serialize> IntoResponse for Listing<T> {
    fn into_response(self) -> Response {
        ([(CACHE_CONTROL, Caching::Private.header())], Json(self)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_one_list() {
        let position = vec![7; 20];
        let cursor = Listing::<()>::new("tickets/newest", vec![], Some(position.clone())).next;
        let query = PageQuery { limit: 1, cursor };
        assert_eq!(query.after("tickets/newest").expect("ours"), Some(position));
        assert_eq!(query.after("orders").expect_err("another list's").code, "bad-cursor");
        let whole = query.cursor.unwrap_or_default();
        for garbage in ["", "%%%", "AAAA", &whole[..whole.len() - 4]] {
            let query = PageQuery { limit: 1, cursor: Some(garbage.into()) };
            assert_eq!(query.after("tickets/newest").expect_err("garbage").code, "bad-cursor");
        }
    }
}
