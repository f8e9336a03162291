//! Commits. Each is one call that changes one document; `_id`, `version` and the unique indexes decide whether.

use mongodb::bson::{Binary, Document, RawDocumentBuf, doc};
use mongodb::error::Error;

use super::calls::{CALL_TIMEOUT, with_timeout};
use super::collections::CollectionHandle;
use super::error::{duplicate, store_error};
use super::layout::StoredEvent;
use super::outbox::OutboxChange;
use super::{json, layout};
use crate::{Change, CommitError, Put, StoreError, Write};

/// Makes a write, with these events for the outbox. `replaces`: an update may replace the events in the document, which are
/// published.
pub(super) async fn commit(
    collection: &CollectionHandle,
    write: &Write,
    events: &[StoredEvent],
    replaces: bool,
) -> Result<OutboxChange, CommitError> {
    let commit = Commit { collection, write, id: json::id(write.id), events, replaces };
    match &write.change {
        Change::Put(put) if write.expected == 0 => commit.insert(put).await,
        Change::Put(put) => {
            let mut filter = commit.at_expected_version();
            // Absent in documents of the first release.
            filter.insert("format.newest", doc! { "$not": { "$gt": i64::from(put.format.newest) } });
            commit.update(filter, put).await
        }
        Change::Remove => commit.remove().await,
    }
}

struct Commit<'a> {
    collection: &'a CollectionHandle,
    write: &'a Write,
    id: Binary,
    events: &'a [StoredEvent],
    replaces: bool,
}

impl Commit<'_> {
    async fn insert(&self, put: &Put) -> Result<OutboxChange, CommitError> {
        let mut document = doc! { "_id": self.id.clone() };
        document.extend(layout::put(&self.collection.schema, self.write.id, put)?);
        document.insert("outbox", layout::outbox(self.events)?);
        let document = RawDocumentBuf::try_from(&document).map_err(|error| store_error(&error.into()))?;
        match with_timeout(CALL_TIMEOUT, self.collection.raw.insert_one(document)).await? {
            Ok(_) => Ok(OutboxChange::Replaced),
            // A tombstone counts as absent, so the insert replaces it, but not its events.
            Err(error) if duplicate(&error) == Some("_id_") => {
                self.update(doc! { "_id": self.id.clone(), "removed": true }, put).await
            }
            Err(error) => Err(self.refusal(&error)),
        }
    }

    /// The filter for the document at the expected version.
    fn at_expected_version(&self) -> Document {
        doc! { "_id": self.id.clone(), "version": self.write.expected.cast_signed() }
    }

    async fn update(&self, filter: Document, put: &Put) -> Result<OutboxChange, CommitError> {
        let mut set = layout::put(&self.collection.schema, self.write.id, put)?;
        if self.replaces {
            set.insert("outbox", layout::outbox(self.events)?);
            self.write(filter, doc! { "$set": set }).await?;
            return Ok(OutboxChange::Replaced);
        }
        let mut update = doc! { "$set": set };
        if self.write.expected == 0 {
            update.insert("$unset", doc! { "removed": true });
        }
        self.write(filter, self.with_events(update)?).await?;
        Ok(OutboxChange::Extended)
    }

    /// Deletes the document, or leaves a tombstone if there are events to publish.
    async fn remove(&self) -> Result<OutboxChange, CommitError> {
        if self.events.is_empty() {
            let mut published = self.at_expected_version();
            published.insert("outbox.id", doc! { "$exists": false });
            let deleted = with_timeout(CALL_TIMEOUT, self.collection.raw.delete_one(published)).await?;
            if deleted.map_err(|error| self.refusal(&error))?.deleted_count == 1 {
                return Ok(OutboxChange::Extended);
            }
        }
        let tombstone = doc! {
            "$set": { "removed": true },
            "$unset": { "version": true, "format": true, "state": true, "keys": true, "claims": true },
        };
        self.write(self.at_expected_version(), self.with_events(tombstone)?).await?;
        Ok(OutboxChange::Extended)
    }

    fn with_events(&self, mut update: Document) -> Result<Document, StoreError> {
        if !self.events.is_empty() {
            update.insert("$push", doc! { "outbox": { "$each": layout::outbox(self.events)? } });
        }
        Ok(update)
    }

    async fn write(&self, filter: Document, update: Document) -> Result<(), CommitError> {
        let updated = with_timeout(CALL_TIMEOUT, self.collection.raw.update_one(filter, update)).await?;
        match updated.map_err(|error| self.refusal(&error))?.matched_count {
            0 => Err(CommitError::Conflict),
            _ => Ok(()),
        }
    }

    /// The meaning of the server's error for the write.
    fn refusal(&self, error: &Error) -> CommitError {
        let Some(index) = duplicate(error) else { return store_error(error).into() };
        let mut declared = self.collection.schema.unique_keys.iter().copied();
        let taken = index.strip_prefix("claims.").and_then(|name| declared.find(|key| *key == name));
        taken.map_or(CommitError::Conflict, CommitError::DuplicateKey)
    }
}
