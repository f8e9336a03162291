//! Documents that this release cannot parse: reported once a process, and found for the operator.

use std::collections::HashSet;

use metrics::counter;
use parking_lot::Mutex;
use tracing::error;
use uuid::Uuid;

use crate::backend::ScannedRecord;
use crate::format::{Verifier, unreadable};
use crate::{Collection, Document, Record, Store, StoreError};

/// A process remembers so many reported documents. Beyond, the report of another one adds nothing for an operator.
const MAX_REPORTED: usize = 10_000;

/// A search for unreadable documents reads so many at once: a few megabytes.
const MAX_SCAN: usize = 512;

/// A stored document that this release cannot parse: of a newer release, or edited by hand. The text names no contents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the document {id} of the collection `{collection}` is unreadable: {reason}")]
pub struct UnreadableDocument {
    /// The collection.
    pub collection: &'static str,
    /// The id.
    pub id: Uuid,
    /// The kind and position of the error.
    pub reason: String,
}

impl UnreadableDocument {
    /// A document whose row is damaged.
    pub(crate) fn damaged(collection: &'static str, id: Uuid, error: &StoreError) -> Self {
        Self { collection, id, reason: error.to_string() }
    }
}

impl From<UnreadableDocument> for StoreError {
    fn from(document: UnreadableDocument) -> Self {
        Self::Unreadable(document.into())
    }
}

/// Parses a stored document.
pub(crate) fn parse<D: Document>(record: &Record) -> Result<D, UnreadableDocument> {
    serde_json::from_str(&record.body).map_err(|error| unreadable::<D>(record, &error))
}

/// The documents that a process has reported.
#[derive(Debug, Default)]
pub(crate) struct Reports(Mutex<HashSet<(&'static str, Uuid)>>);

impl Reports {
    /// Logs and counts an unreadable document, the first time that it is found.
    pub(crate) fn unreadable(&self, document: &UnreadableDocument) {
        let UnreadableDocument { collection, id, reason } = document;
        if self.is_new(collection, *id) {
            counter!("store_unreadable_documents_total", "collection" => *collection).increment(1);
            error!(collection, %id, reason, "a document cannot be parsed and is skipped");
        }
    }

    /// Logs a document of a former format whose new unique key another document holds, the first time.
    pub(crate) fn duplicate(&self, collection: &'static str, id: Uuid, key: &str) {
        if self.is_new(collection, id) {
            error!(collection, %id, key, "a document keeps its former format: another one holds its unique key");
        }
    }

    fn is_new(&self, collection: &'static str, id: Uuid) -> bool {
        let mut reported = self.0.lock();
        reported.len() < MAX_REPORTED && reported.insert((collection, id))
    }
}

impl<D: Document> Collection<D> {
    /// The next documents in the order of their ids, behind `after`, and the last of these ids; `None` at the end.
    ///
    /// # Errors
    /// The database failed.
    pub async fn scan(
        &self,
        after: Option<Uuid>,
    ) -> Result<(Vec<Result<D, UnreadableDocument>>, Option<Uuid>), StoreError> {
        let records = self.backend().scan(D::COLLECTION, None, after, MAX_SCAN).await?;
        let last = records.last().map(|(id, _)| *id);
        let read = |(id, record): ScannedRecord| {
            parse(&record.map_err(|error| UnreadableDocument::damaged(D::COLLECTION, id, &error))?)
        };
        Ok((records.into_iter().map(read).collect(), last))
    }
}

impl Store {
    /// Scans a collection and passes every unreadable document to `found`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn find_unreadable(
        &self,
        verifier: Verifier,
        mut found: impl FnMut(UnreadableDocument),
    ) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let records = self.backend().scan(verifier.collection, None, after, MAX_SCAN).await?;
            let Some((last, _)) = records.last() else { return Ok(()) };
            after = Some(*last);
            records.iter().filter_map(|record| verifier.put(record).err()).for_each(&mut found);
        }
    }
}
