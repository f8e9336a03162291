//! The cache of the public list: finished pages, valid while no ticket changes.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use common::Problem;
use common::http::{Caching, Listing};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use parking_lot::Mutex;

use super::list_query::ListQuery;
use super::response::TicketView;

/// Some hundreds of ordinary pages. Beyond this size all are dropped; the popular ones are back at once.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// A rough estimate of an entry's size beside its texts.
const ENTRY_BYTES: usize = 512;

/// A page in bytes. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct CachedPage {
    body: Bytes,
    tag: HeaderValue,
}

impl CachedPage {
    /// The bytes of a page, with a strong entity tag of them.
    pub(super) fn new(listing: &Listing<TicketView>) -> Result<Self, Problem> {
        let body = serde_json::to_vec(listing).map_err(Problem::internal)?;
        let hash = digest(&SHA256, &body);
        // Half of the hash suffices to distinguish pages.
        let half = hash.as_ref().first_chunk().map_or(0, |half| u128::from_be_bytes(*half));
        let tag = HeaderValue::try_from(format!("\"{half:032x}\"")).map_err(Problem::internal)?;
        Ok(Self { body: body.into(), tag })
    }
}

impl IntoResponse for CachedPage {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, Caching::Public.header()),
            (ETAG, self.tag),
        ];
        (headers, self.body).into_response()
    }
}

/// The pages of one revision of the collection; a newer revision drops them.
#[derive(Debug, Default)]
pub(crate) struct PageCache(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    revision: u64,
    bytes: usize,
    by_query: HashMap<ListQuery, CachedPage>,
}

impl PageCache {
    /// The page at this revision. Without a revision, changes cannot be noticed, so nothing is cached.
    pub(super) fn get(&self, revision: Option<u64>, query: &ListQuery) -> Option<CachedPage> {
        let pages = self.0.lock();
        if revision? == pages.revision { pages.by_query.get(query).cloned() } else { None }
    }

    /// Caches a page that was read at this revision, or later.
    pub(super) fn put(&self, revision: Option<u64>, query: ListQuery, page: &CachedPage) {
        let Some(revision) = revision else { return };
        let cost = page.body.len() + query.bytes() + ENTRY_BYTES;
        let mut pages = self.0.lock();
        // Several requests may miss the same page at once; the first of them has cached it.
        let known = revision == pages.revision && pages.by_query.contains_key(&query);
        if revision < pages.revision || known || cost > MAX_BYTES {
            return;
        }
        if revision > pages.revision || pages.bytes + cost > MAX_BYTES {
            *pages = Pages { revision, ..Pages::default() };
        }
        pages.by_query.insert(query, page.clone());
        pages.bytes += cost;
    }
}

#[cfg(test)]
mod tests {
    use common::event::TicketStatus;

    use super::*;
    use crate::search::{Criteria, Sort, Words};

    fn query(limit: usize) -> ListQuery {
        let (status, sort) = (TicketStatus::Available, Sort::Newest);
        ListQuery {
            criteria: Criteria { status, sort, words: Words::default(), prices: None },
            limit,
            after: None,
        }
    }

    fn page(length: usize) -> CachedPage {
        CachedPage { body: vec![b'x'; length].into(), tag: HeaderValue::from_static("\"tag\"") }
    }

    fn kept(cache: &PageCache, revision: u64, limit: usize) -> Option<usize> {
        cache.get(Some(revision), &query(limit)).map(|page| page.body.len())
    }

    #[test]
    fn a_page_is_kept_while_the_revision_stands_still() {
        let cache = PageCache::default();
        cache.put(Some(7), query(20), &page(1));
        assert_eq!((kept(&cache, 7, 20), kept(&cache, 7, 21)), (Some(1), None));
        assert_eq!((kept(&cache, 8, 20), kept(&cache, 6, 20)), (None, None));
    }

    #[test]
    fn a_page_that_was_read_at_an_older_revision_replaces_nothing() {
        let cache = PageCache::default();
        cache.put(Some(8), query(20), &page(2));
        cache.put(Some(7), query(20), &page(1));
        assert_eq!((kept(&cache, 8, 20), kept(&cache, 7, 20)), (Some(2), None));
    }

    #[test]
    fn nothing_is_kept_where_the_revision_is_unknown() {
        let cache = PageCache::default();
        cache.put(None, query(20), &page(1));
        assert!(cache.get(None, &query(20)).is_none() && kept(&cache, 0, 20).is_none());
    }

    #[test]
    fn pages_never_take_more_than_their_bytes() {
        let cache = PageCache::default();
        let half = MAX_BYTES / 2 - ENTRY_BYTES;
        cache.put(Some(1), query(1), &page(half));
        cache.put(Some(1), query(2), &page(half));
        cache.put(Some(1), query(2), &page(half));
        assert_eq!((kept(&cache, 1, 1), kept(&cache, 1, 2)), (Some(half), Some(half)));
        cache.put(Some(1), query(3), &page(0));
        assert_eq!((kept(&cache, 1, 1), kept(&cache, 1, 2), kept(&cache, 1, 3)), (None, None, Some(0)));
        cache.put(Some(1), query(4), &page(MAX_BYTES));
        assert_eq!((kept(&cache, 1, 3), kept(&cache, 1, 4)), (Some(0), None), "too large by itself");
    }
}
