//! Range queries: pages of an index, and searches with a filter.

use uuid::Uuid;

use crate::backend::{IndexedRecord, RangeQuery};
use crate::collection::Collection;
use crate::key::{Direction, Part, encode};
use crate::{Document, Schema, StoreError, UnreadableDocument};

/// The length of a page, unless a range sets another one.
const DEFAULT_LIMIT: usize = 100;

/// A search reads so many documents at once at most: enough to make the cost of a query small beside that of reading.
const MAX_CHUNK: usize = 512;

/// A page passes over so many unreadable documents before it ends early: the caller of a page is a waiting user.
const MAX_SKIPPED: usize = 1024;

/// A part of an index, in order.
#[derive(Debug, Clone)]
pub struct Range {
    index: &'static str,
    from: Vec<u8>,
    to: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
    direction: Direction,
    limit: usize,
}

impl Range {
    /// All documents whose key in `index` begins with `prefix`, ascending, at most 100 of them.
    pub fn of<const N: usize>(index: &'static str, prefix: [Part; N]) -> Self {
        let from = encode(prefix);
        let to = successor(&from);
        Self { index, from, to, after: None, direction: Direction::Ascending, limit: DEFAULT_LIMIT }
    }

    /// Only documents whose key is at least `parts` (the prefix and what follows it).
    #[must_use]
    pub fn at_least<const N: usize>(mut self, parts: [Part; N]) -> Self {
        self.from = encode(parts);
        self
    }

    /// Only documents whose key begins with `parts` (the prefix and what follows it), or comes before.
    #[must_use]
    pub fn at_most<const N: usize>(mut self, parts: [Part; N]) -> Self {
        self.to = successor(&encode(parts));
        self
    }

    /// Descending order.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.direction = Direction::Descending;
        self
    }

    /// Continues behind a cursor from [`Page::next`].
    #[must_use]
    pub fn after(mut self, cursor: Option<Vec<u8>>) -> Self {
        self.after = cursor;
        self
    }

    /// The longest page.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

/// The least byte string that is greater than all that begin with `prefix`.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

/// Some documents, and the cursor to the rest.
#[derive(Debug, Clone)]
pub struct Page<D> {
    /// The documents.
    pub items: Vec<D>,
    /// The cursor for [`Range::after`]; `None` on the last page.
    pub next: Option<Vec<u8>>,
    /// The ids of documents between and behind the others that this release cannot parse. Each is reported once a
    /// process, in the log and in metrics.
    pub unreadable: Vec<Uuid>,
}

impl<D: Document> Page<D> {
    /// The page, for a caller to whom an unreadable document is not absent.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] if there is an unreadable document.
    pub fn complete(self) -> Result<Self, StoreError> {
        let Some(id) = self.unreadable.first().copied() else { return Ok(self) };
        let reason = "a complete list is needed".to_owned();
        Err(UnreadableDocument { collection: D::COLLECTION, id, reason }.into())
    }
}

impl<D: Document> Collection<D> {
    /// A page of an index. Behind many unreadable documents a page may be short, or empty, while [`Page::next`] leads on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn page(&self, range: Range) -> Result<Page<D>, StoreError> {
        self.readable(range, MAX_SKIPPED).await
    }

    /// As [`Self::page`], for a worker: short only if the range ends, however many unreadable documents come first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn batch(&self, range: Range) -> Result<Page<D>, StoreError> {
        self.readable(range, usize::MAX).await
    }

    /// Readable documents up to the limit, past at most about `max_skipped` unreadable ones.
    async fn readable(&self, range: Range, max_skipped: usize) -> Result<Page<D>, StoreError> {
        let (mut items, mut unreadable, mut after) = (Vec::new(), Vec::new(), range.after.clone());
        let mut chunk = range.limit;
        loop {
            let (rows, more) = self.rows(range.clone().after(after.clone()).limit(chunk)).await?;
            for row in rows {
                if items.len() == range.limit {
                    return Ok(Page { items, next: after, unreadable });
                }
                match self.parse_row(&row) {
                    Some(document) => items.push(document),
                    None => unreadable.push(RangeQuery::id_of(&row.0)),
                }
                after = Some(row.0);
            }
            if !more || items.len() == range.limit || unreadable.len() >= max_skipped {
                return Ok(Page { items, next: after.filter(|_| more), unreadable });
            }
            chunk = MAX_CHUNK;
        }
    }

    /// A page of those documents of an index that `matches` accepts, out of at most `max_scanned` documents, unreadable
    /// ones included. A page may therefore be short, or empty, while [`Page::next`] leads on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn search(
        &self,
        range: Range,
        max_scanned: usize,
        matches: impl Fn(&D) -> bool,
    ) -> Result<Page<D>, StoreError> {
        let (mut items, mut unreadable) = (Vec::new(), Vec::new());
        let (mut next, mut after) = (None, range.after.clone());
        let (mut left, mut chunk) = (max_scanned.max(1), range.limit.saturating_add(1));
        while left > 0 {
            chunk = chunk.min(left);
            let (rows, more) = self.rows(range.clone().after(after.clone()).limit(chunk)).await?;
            for row in rows {
                let document = self.parse_row(&row);
                if document.is_none() {
                    unreadable.push(RangeQuery::id_of(&row.0));
                }
                after = Some(row.0);
                let Some(document) = document.filter(&matches) else { continue };
                if items.len() == range.limit {
                    return Ok(Page { items, next, unreadable });
                }
                items.push(document);
                next.clone_from(&after);
            }
            if !more {
                return Ok(Page { items, next: None, unreadable });
            }
            left -= chunk;
            chunk = chunk.saturating_mul(2).min(MAX_CHUNK);
        }
        // The page is short, or full with the next match unknown. In both cases the next page begins behind the last
        // scanned document.
        Ok(Page { items, next: after, unreadable })
    }

    /// The number of documents in a range, unreadable ones included, without its limit.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count(&self, range: Range) -> Result<usize, StoreError> {
        let query = Self::query(range);
        self.backend().count(RangeQuery { limit: usize::MAX, ..query }).await
    }

    /// Stored documents with their cursors, and whether more follow.
    async fn rows(&self, range: Range) -> Result<(Vec<IndexedRecord>, bool), StoreError> {
        let limit = range.limit;
        // The extra row shows whether there is a next page.
        let query = RangeQuery { limit: limit.saturating_add(1), ..Self::query(range) };
        let mut rows = self.backend().range(query).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok((rows, more))
    }

    fn query(range: Range) -> RangeQuery {
        let declared = Schema::of::<D>().index(range.index).is_some();
        debug_assert!(declared, "{} declares no index `{}`", D::COLLECTION, range.index);
        let Range { index, from, to, after, direction, limit } = range;
        RangeQuery { collection: D::COLLECTION, index, from, to, after, direction, limit }
    }
}
