//! The cache of public replies: pages of the list and single tickets, finished, valid while no ticket changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use common::http::{Caching, Listing, version_tag};
use common::{Problem, TicketId, Time};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::list_query::ListQuery;
use super::response::TicketView;

/// Some hundreds of ordinary pages. Beyond this size all are dropped; the popular ones are back at once.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// A rough estimate of an entry's size beside its texts.
const ENTRY_BYTES: usize = 512;
/// The age of a reply where other processes change tickets, too, until their events arrive here: ten reads a second of a
/// popular page are little work for the database, and people do not notice the delay.
const MAX_AGE: Duration = Duration::from_millis(100);

/// A reply in bytes. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct CachedReply {
    body: Bytes,
    tag: HeaderValue,
}

impl CachedReply {
    /// A page, with a strong entity tag of its bytes.
    pub(super) fn page(listing: &Listing<TicketView>) -> Result<Self, Problem> {
        let body = serde_json::to_vec(listing).map_err(Problem::internal)?;
        let hash = digest(&SHA256, &body);
        // Half of the hash suffices to distinguish pages.
        let half = hash.as_ref().first_chunk().map_or(0, |half| u128::from_be_bytes(*half));
        Self::of(body, format!("\"{half:032x}\""))
    }

    /// A ticket of this version.
    pub(super) fn ticket(ticket: &TicketView, version: u64) -> Result<Self, Problem> {
        Self::of(serde_json::to_vec(ticket).map_err(Problem::internal)?, version_tag(version))
    }

    fn of(body: Vec<u8>, tag: String) -> Result<Self, Problem> {
        Ok(Self { body: body.into(), tag: HeaderValue::try_from(tag).map_err(Problem::internal)? })
    }
}

impl IntoResponse for CachedReply {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, Caching::Public.header()),
            (ETAG, self.tag),
        ];
        (headers, self.body).into_response()
    }
}

/// A public reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Wanted {
    Page(ListQuery),
    Ticket(TicketId),
}

impl Wanted {
    /// The length of the texts, which callers choose.
    fn bytes(&self) -> usize {
        match self {
            Self::Page(query) => query.bytes(),
            Self::Ticket(_) => 0,
        }
    }
}

/// The state of the tickets that a reply is read at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Basis {
    /// Grows with each change that this process knows of.
    pub(crate) changes: u64,
    /// The time, if other processes change tickets, too, so that replies of this basis are outdated after [`MAX_AGE`].
    pub(crate) shared_at: Option<Time>,
}

/// The replies of one basis; a newer one drops them.
#[derive(Debug, Default)]
pub(crate) struct ReplyCache(Mutex<Replies>);

#[derive(Debug, Default)]
struct Replies {
    changes: u64,
    shared_at: Option<Time>,
    bytes: usize,
    by_wanted: HashMap<Wanted, Arc<OnceCell<CachedReply>>>,
}

impl ReplyCache {
    /// The cached reply, or what `read` returns. Requests that miss the same reply at once wait for one of them to read. Without a
    /// basis nothing is cached.
    pub(super) async fn get_or_read(
        &self,
        basis: Option<Basis>,
        wanted: Wanted,
        read: impl AsyncFnOnce() -> Result<CachedReply, Problem>,
    ) -> Result<CachedReply, Problem> {
        let Some(cell) = basis.and_then(|basis| self.0.lock().cell(basis, wanted)) else {
            return read().await;
        };
        let read_and_count = async || {
            let reply = read().await?;
            self.0.lock().add(reply.body.len());
            Ok(reply)
        };
        cell.get_or_try_init(read_and_count).await.cloned()
    }
}

impl Replies {
    /// The place of a reply; `None` for a reader that is behind other ones.
    fn cell(&mut self, basis: Basis, wanted: Wanted) -> Option<Arc<OnceCell<CachedReply>>> {
        if basis.changes < self.changes {
            return None;
        }
        if basis.changes > self.changes || self.has_aged(basis) {
            *self = Self { changes: basis.changes, shared_at: basis.shared_at, ..Self::default() };
        }
        if let Some(cell) = self.by_wanted.get(&wanted) {
            return Some(Arc::clone(cell));
        }
        self.add(wanted.bytes() + ENTRY_BYTES);
        Some(Arc::clone(self.by_wanted.entry(wanted).or_default()))
    }

    /// Whether the replies are too old. A clock that was set back makes them so, too.
    fn has_aged(&self, basis: Basis) -> bool {
        let Some(now) = basis.shared_at else { return false };
        self.shared_at.is_none_or(|since| now < since || now - since >= MAX_AGE)
    }

    /// Counts bytes, and drops all replies if they are too many.
    fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        if self.bytes > MAX_BYTES {
            self.by_wanted.clear();
            self.bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use common::event::TicketStatus;

    use super::*;
    use crate::search::{Criteria, Sort, Words};

    fn page(limit: usize) -> Wanted {
        let (status, sort) = (TicketStatus::Available, Sort::Newest);
        let criteria = Criteria { status, sort, words: Words::default(), prices: None };
        Wanted::Page(ListQuery { criteria, limit, after: None })
    }

    fn at(changes: u64) -> Option<Basis> {
        Some(Basis { changes, shared_at: None })
    }

    fn shared_at(changes: u64, millis: i64) -> Option<Basis> {
        Some(Basis { changes, shared_at: Some(Time::from_millis(millis)) })
    }

    /// The length of the reply, which is `length` if it is not cached.
    async fn length(cache: &ReplyCache, basis: Option<Basis>, limit: usize, length: usize) -> usize {
        let read = async || CachedReply::of(vec![b'x'; length], "\"tag\"".to_owned());
        cache.get_or_read(basis, page(limit), read).await.expect("a reply").body.len()
    }

    #[tokio::test]
    async fn a_reply_is_kept_while_no_ticket_changes() {
        let cache = ReplyCache::default();
        assert_eq!(length(&cache, at(7), 20, 1).await, 1);
        assert_eq!(length(&cache, at(7), 20, 2).await, 1);
        assert_eq!(length(&cache, at(7), 21, 3).await, 3, "another page");
        assert_eq!(length(&cache, at(8), 20, 4).await, 4, "after a change");
    }

    #[tokio::test]
    async fn a_reader_that_is_behind_replaces_nothing() {
        let cache = ReplyCache::default();
        assert_eq!(length(&cache, at(8), 20, 2).await, 2);
        assert_eq!(length(&cache, at(7), 20, 1).await, 1);
        assert_eq!(length(&cache, at(8), 20, 3).await, 2);
    }

    #[tokio::test]
    async fn where_others_change_tickets_a_reply_is_kept_for_a_tenth_of_a_second() {
        let cache = ReplyCache::default();
        assert_eq!(length(&cache, shared_at(1, 1_000), 20, 1).await, 1);
        assert_eq!(length(&cache, shared_at(1, 1_099), 20, 2).await, 1);
        assert_eq!(length(&cache, shared_at(1, 1_100), 20, 3).await, 3);
        assert_eq!(length(&cache, shared_at(1, 900), 20, 4).await, 4, "the clock was set back");
        assert_eq!(length(&cache, shared_at(2, 901), 20, 5).await, 5, "after a change");
        assert_eq!(length(&cache, None, 20, 6).await, 6, "without a basis");
    }

    #[tokio::test]
    async fn requests_that_miss_a_reply_at_once_share_one_read() {
        let (cache, reads) = (ReplyCache::default(), std::cell::Cell::new(0));
        let get = async || {
            let read = async || {
                reads.set(reads.get() + 1);
                tokio::task::yield_now().await;
                CachedReply::of(Vec::new(), "\"tag\"".to_owned())
            };
            cache.get_or_read(at(1), page(20), read).await.map(|_| ())
        };
        let (one, other) = tokio::join!(get(), get());
        assert_eq!((one.is_ok(), other.is_ok(), reads.get()), (true, true, 1));
    }

    #[tokio::test]
    async fn a_read_that_fails_is_repeated_by_the_next_request() {
        let cache = ReplyCache::default();
        let failed = cache.get_or_read(at(1), page(20), async || Err(Problem::not_found())).await;
        assert!(failed.is_err());
        assert_eq!(length(&cache, at(1), 20, 1).await, 1);
    }

    #[tokio::test]
    async fn replies_never_take_more_than_their_bytes() {
        let cache = ReplyCache::default();
        let half = MAX_BYTES / 2 - ENTRY_BYTES;
        length(&cache, at(1), 1, half).await;
        length(&cache, at(1), 2, half).await;
        assert_eq!((length(&cache, at(1), 1, 0).await, length(&cache, at(1), 2, 0).await), (half, half));
        length(&cache, at(1), 3, 0).await;
        assert_eq!(length(&cache, at(1), 1, 7).await, 7, "all were dropped");
        length(&cache, at(1), 4, MAX_BYTES).await;
        assert_eq!(length(&cache, at(1), 1, 8).await, 8, "a reply that is too large drops all, too");
    }
}
