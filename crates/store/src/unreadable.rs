//! Documents that this release cannot parse: reported once a process, and found for the operator.

use std::collections::HashSet;

use metrics::counter;
use parking_lot::Mutex;
use tracing::error;
use uuid::Uuid;

use crate::backend::ScannedRecord;
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

impl From<UnreadableDocument> for StoreError {
    fn from(document: UnreadableDocument) -> Self {
        Self::Unreadable(document.into())
    }
}

/// Parses a stored document.
pub(crate) fn parse<D: Document>(record: &Record) -> Result<D, UnreadableDocument> {
    serde_json::from_str(&record.body).map_err(|error| UnreadableDocument {
        collection: D::COLLECTION,
        id: record.id,
        // The error's message may repeat contents; its kind and position do not.
        reason: format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column()),
    })
}

/// The unreadable documents that a process has reported.
#[derive(Debug, Default)]
pub(crate) struct Reports(Mutex<HashSet<(&'static str, Uuid)>>);

impl Reports {
    /// Logs and counts an unreadable document, the first time that it is found.
    pub(crate) fn report(&self, document: &UnreadableDocument) {
        let UnreadableDocument { collection, id, reason } = document;
        let mut reported = self.0.lock();
        if reported.len() < MAX_REPORTED && reported.insert((collection, *id)) {
            counter!("store_unreadable_documents_total", "collection" => *collection).increment(1);
            error!(collection, %id, reason, "a document cannot be parsed and is skipped");
        }
    }
}

/// The type of a collection's documents, which decides whether a document is readable.
#[derive(Debug, Clone, Copy)]
pub struct Verifier {
    /// The collection.
    pub collection: &'static str,
    verify: fn(&Record) -> Result<(), UnreadableDocument>,
}

impl Verifier {
    /// The verifier of this type.
    pub const fn of<D: Document>() -> Self {
        Self { collection: D::COLLECTION, verify: |record| parse::<D>(record).map(drop) }
    }

    fn check(&self, (id, record): ScannedRecord) -> Result<(), UnreadableDocument> {
        match record {
            Ok(record) => (self.verify)(&record),
            Err(error) => {
                Err(UnreadableDocument { collection: self.collection, id, reason: error.to_string() })
            }
        }
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
        let records = self.backend().scan(D::COLLECTION, after, MAX_SCAN).await?;
        let last = records.last().map(|(id, _)| *id);
        let damaged = |id, error: StoreError| UnreadableDocument {
            collection: D::COLLECTION,
            id,
            reason: error.to_string(),
        };
        let read = |(id, record): ScannedRecord| parse(&record.map_err(|error| damaged(id, error))?);
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
            let records = self.backend().scan(verifier.collection, after, MAX_SCAN).await?;
            let Some((last, _)) = records.last() else { return Ok(()) };
            after = Some(*last);
            records.into_iter().filter_map(|record| verifier.check(record).err()).for_each(&mut found);
        }
    }
}
