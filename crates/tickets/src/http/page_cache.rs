//! Finished pages of the public list, kept while no ticket changes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use common::Problem;
use common::http::{Caching, Listing};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};

use super::list::Wanted;
use super::view::TicketView;

/// How many bytes of pages are kept: some hundreds of ordinary ones. When they grow beyond it, all are dropped; what
/// is still asked for is back at once.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// What an entry costs beside its body, roughly.
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
        let half: String = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let tag = HeaderValue::try_from(format!("\"{half}\"")).map_err(Problem::internal)?;
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
    pages: HashMap<Wanted, CachedPage>,
}

impl PageCache {
    /// The page as it stands at this revision. `None` as the revision: nobody knows whether it has changed.
    pub(super) fn get(&self, revision: Option<u64>, wanted: &Wanted) -> Option<CachedPage> {
        let pages = self.pages();
        if revision? == pages.revision { pages.pages.get(wanted).cloned() } else { None }
    }

    /// Keeps a page that was read at this revision, or later.
    pub(super) fn put(&self, revision: Option<u64>, wanted: Wanted, page: &CachedPage) {
        let Some(revision) = revision else { return };
        let cost = page.body.len() + ENTRY_BYTES;
        let mut pages = self.pages();
        if revision < pages.revision || cost > MOST_BYTES {
            return;
        }
        if revision > pages.revision || pages.bytes + cost > MOST_BYTES {
            *pages = Pages { revision, ..Pages::default() };
        }
        if pages.pages.insert(wanted, page.clone()).is_none() {
            pages.bytes += cost;
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
