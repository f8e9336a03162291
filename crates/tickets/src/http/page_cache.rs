//! Finished pages of the public list, kept while no ticket changes.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use common::Problem;
use common::http::{Caching, Listing};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use parking_lot::{Mutex, MutexGuard};

use super::view::TicketView;
use super::wanted::Wanted;

/// How many bytes of pages are kept: some hundreds of ordinary ones. When they grow beyond it, all are dropped; what
/// is still asked for is back at once.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// What an entry costs beside its texts, roughly.
const ENTRY_BYTES: usize = 512;

/// A page as it goes over the wire. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct CachedPage {
    body: Bytes,
    tag: HeaderValue,
}

impl CachedPage {
    /// The page, with a strong entity tag of its bytes.
    pub(super) fn of(listing: &Listing<TicketView>) -> Result<Self, Problem> {
        let body = serde_json::to_vec(listing).map_err(Problem::internal)?;
        let hash = digest(&SHA256, &body);
        // Half of it is more than enough to tell one page from another.
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

/// Pages of one revision of the collection; those of an older one are dropped.
#[derive(Debug, Default)]
pub(crate) struct PageCache(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    revision: u64,
    bytes: usize,
    by_query: HashMap<Wanted, CachedPage>,
}

impl PageCache {
    /// The page as it stands at this revision. `None` as the revision: nobody knows whether it has changed.
    pub(super) fn get(&self, revision: Option<u64>, wanted: &Wanted) -> Option<CachedPage> {
        let pages = self.pages();
        if revision? == pages.revision { pages.by_query.get(wanted).cloned() } else { None }
    }

    /// Keeps a page that was read at this revision, or later.
    pub(super) fn put(&self, revision: Option<u64>, wanted: Wanted, page: &CachedPage) {
        let Some(revision) = revision else { return };
        let cost = page.body.len() + wanted.bytes() + ENTRY_BYTES;
        let mut pages = self.pages();
        // Several requests may miss the same page at once; the first of them has kept it.
        let known = revision == pages.revision && pages.by_query.contains_key(&wanted);
        if revision < pages.revision || known || cost > MOST_BYTES {
            return;
        }
        if revision > pages.revision || pages.bytes + cost > MOST_BYTES {
            *pages = Pages { revision, ..Pages::default() };
        }
        pages.by_query.insert(wanted, page.clone());
        pages.bytes += cost;
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use common::event::TicketStatus;

    use super::*;
    use crate::search::{Criteria, Order, Words};

    fn wanted(limit: usize) -> Wanted {
        let (status, order) = (TicketStatus::Available, Order::Newest);
        Wanted {
            criteria: Criteria { status, order, words: Words::default(), prices: None },
            limit,
            after: None,
        }
    }

    fn page(length: usize) -> CachedPage {
        CachedPage { body: vec![b'x'; length].into(), tag: HeaderValue::from_static("\"tag\"") }
    }

    fn kept(cache: &PageCache, revision: u64, limit: usize) -> Option<usize> {
        cache.get(Some(revision), &wanted(limit)).map(|page| page.body.len())
    }

    #[test]
    fn a_page_is_kept_while_the_revision_stands_still() {
        let cache = PageCache::default();
        cache.put(Some(7), wanted(20), &page(1));
        assert_eq!((kept(&cache, 7, 20), kept(&cache, 7, 21)), (Some(1), None));
        assert_eq!((kept(&cache, 8, 20), kept(&cache, 6, 20)), (None, None));
    }

    #[test]
    fn a_page_that_was_read_at_an_older_revision_replaces_nothing() {
        let cache = PageCache::default();
        cache.put(Some(8), wanted(20), &page(2));
        cache.put(Some(7), wanted(20), &page(1));
        assert_eq!((kept(&cache, 8, 20), kept(&cache, 7, 20)), (Some(2), None));
    }

    #[test]
    fn nothing_is_kept_where_the_revision_is_unknown() {
        let cache = PageCache::default();
        cache.put(None, wanted(20), &page(1));
        assert!(cache.get(None, &wanted(20)).is_none() && kept(&cache, 0, 20).is_none());
    }

    #[test]
    fn pages_never_take_more_than_their_bytes() {
        let cache = PageCache::default();
        let half = MOST_BYTES / 2 - ENTRY_BYTES;
        cache.put(Some(1), wanted(1), &page(half));
        cache.put(Some(1), wanted(2), &page(half));
        cache.put(Some(1), wanted(2), &page(half));
        assert_eq!((kept(&cache, 1, 1), kept(&cache, 1, 2)), (Some(half), Some(half)));
        cache.put(Some(1), wanted(3), &page(0));
        assert_eq!((kept(&cache, 1, 1), kept(&cache, 1, 2), kept(&cache, 1, 3)), (None, None, Some(0)));
        cache.put(Some(1), wanted(4), &page(MOST_BYTES));
        assert_eq!((kept(&cache, 1, 3), kept(&cache, 1, 4)), (Some(0), None), "too large by itself");
    }
}
