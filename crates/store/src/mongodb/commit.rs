//! Writing: each commit is one call that changes one document, decided by its `_id`, its `version` and the unique
//! indexes of its claims.

use mongodb::bson::{Binary, Document, RawDocumentBuf, doc};
use mongodb::error::Error;

use super::calls::{CALL, timely};
use super::collections::Prepared;
use super::error::{duplicate, store_error};
use super::outbox::Entry;
use super::{json, layout};
use crate::{Change, Put, StoreError, Write, WriteError};

/// Makes a write, with these entries for the outbox.
pub(super) async fn commit(
    collection: &Prepared,
    write: &Write,
    entries: &[Entry],
) -> Result<(), WriteError> {
    let commit = Commit { collection, write, id: json::id(write.id), entries };
    match &write.change {
        Change::Put(put) if write.expected == 0 => commit.insert(put).await,
        Change::Put(put) => commit.update(commit.present(), put).await,
        Change::Remove => commit.remove().await,
    }
}

struct Commit<'a> {
    collection: &'a Prepared,
    write: &'a Write,
    id: Binary,
    entries: &'a [Entry],
}

impl Commit<'_> {
    async fn insert(&self, put: &Put) -> Result<(), WriteError> {
        let mut document = doc! { "_id": self.id.clone() };
        document.extend(layout::put(&self.collection.schema, self.write.id, put)?);
        document.insert("outbox", layout::outbox(self.entries)?);
        let document = RawDocumentBuf::try_from(&document).map_err(|error| store_error(&error.into()))?;
        match timely(CALL, self.collection.raw.insert_one(document)).await? {
            Ok(_) => Ok(()),
            // What was removed and has something left to announce is not there for anybody else.
            Err(error) if duplicate(&error) == Some("_id_") => {
                self.update(doc! { "_id": self.id.clone(), "removed": true }, put).await
            }
            Err(error) => Err(self.refusal(&error)),
        }
    }

    /// The document as it was decided on.
    fn present(&self) -> Document {
        doc! { "_id": self.id.clone(), "version": self.write.expected.cast_signed() }
    }

    async fn update(&self, filter: Document, put: &Put) -> Result<(), WriteError> {
        let set = layout::put(&self.collection.schema, self.write.id, put)?;
        let mut update = doc! { "$set": set };
        if self.write.expected == 0 {
            update.insert("$unset", doc! { "removed": true });
        }
        self.write(filter, self.announcing(update)?).await
    }

    /// A document goes, unless it has something to announce: then it stays for its outbox alone.
    async fn remove(&self) -> Result<(), WriteError> {
        if self.entries.is_empty() {
            let mut silent = self.present();
            silent.insert("outbox.id", doc! { "$exists": false });
            let deleted = timely(CALL, self.collection.raw.delete_one(silent)).await?;
            if deleted.map_err(|error| self.refusal(&error))?.deleted_count == 1 {
                return Ok(());
            }
        }
        let rest = doc! {
            "$set": { "removed": true },
            "$unset": { "version": true, "state": true, "keys": true, "claims": true },
        };
        self.write(self.present(), self.announcing(rest)?).await
    }

    fn announcing(&self, mut update: Document) -> Result<Document, StoreError> {
        if !self.entries.is_empty() {
            update.insert("$push", doc! { "outbox": { "$each": layout::outbox(self.entries)? } });
        }
        Ok(update)
    }

    async fn write(&self, filter: Document, update: Document) -> Result<(), WriteError> {
        let updated = timely(CALL, self.collection.raw.update_one(filter, update)).await?;
        match updated.map_err(|error| self.refusal(&error))?.matched_count {
            0 => Err(WriteError::Conflict),
            _ => Ok(()),
        }
    }

    /// What the server's answer means for the write.
    fn refusal(&self, error: &Error) -> WriteError {
        let Some(index) = duplicate(error) else { return store_error(error).into() };
        let claims = self.collection.schema.claims.iter();
        let taken =
            index.strip_prefix("claims.").and_then(|name| claims.copied().find(|claim| *claim == name));
        taken.map_or(WriteError::Conflict, WriteError::DuplicateKey)
    }
}
