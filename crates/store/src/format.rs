//! Formats of documents: the fields of a newer release survive the writes of this one.
//!
//! During a rolling upgrade, and after a rollback, a process meets documents with fields that it does not know. A write
//! applies the changes of this release to the stored fields, and leaves the others as they are. Documents of this release
//! have no other fields, so their writes need no extra read.

use std::sync::atomic::Ordering;

use serde_json::{Map, Value};

use crate::backend::{Format, Put, Record, ScannedRecord};
use crate::collection::Collection;
use crate::fields::fields;
use crate::unreadable::parse;
use crate::{Document, Schema, StoreError, UnreadableDocument};

/// The type of a collection's documents: decides whether a document is readable, and what this release writes instead.
#[derive(Debug, Clone, Copy)]
pub struct Verifier {
    /// The collection.
    pub collection: &'static str,
    /// The format that this release writes.
    pub format: u32,
    put: fn(&Record) -> Result<Put, UnreadableDocument>,
    fields: fn() -> &'static [&'static str],
}

impl Verifier {
    /// The verifier of this type.
    pub const fn of<D: Document>() -> Self {
        let (put, fields) = (rewritten::<D>, fields::<D>);
        Self { collection: D::COLLECTION, format: D::FORMAT, put, fields }
    }

    /// The names of the top-level fields, as they are stored; empty for a type with flattened fields.
    pub fn fields(&self) -> &'static [&'static str] {
        (self.fields)()
    }

    /// The stored document as this release writes it: the same state at the same version.
    ///
    /// # Errors
    /// This release cannot parse the document, or its row is damaged.
    pub(crate) fn put(&self, (id, record): &ScannedRecord) -> Result<Put, UnreadableDocument> {
        let damaged = |error| UnreadableDocument::damaged(self.collection, *id, error);
        (self.put)(record.as_ref().map_err(damaged)?)
    }
}

fn rewritten<D: Document>(record: &Record) -> Result<Put, UnreadableDocument> {
    let document: D = parse(record)?;
    let put = new_put(&document).map_err(|error| unreadable::<D>(record, &error))?;
    keep_newer_fields::<D>(record, Put { version: record.version, ..put })
}

/// The document as this release writes it.
fn new_put<D: Document>(document: &D) -> serde_json::Result<Put> {
    let keys = document.keys();
    let violation = Schema::of::<D>().violation(&keys);
    debug_assert_eq!(violation, None, "{} does not declare this use of it", D::COLLECTION);
    Ok(Put {
        version: document.version(),
        format: Format::of(D::FORMAT),
        body: serde_json::to_string(document)?,
        keys: keys.ordered,
        unique_keys: keys.unique,
    })
}

impl<D: Document> Collection<D> {
    /// The write of a document over the stored version `expected`.
    pub(crate) async fn put(&self, document: &D, expected: u64) -> Result<Put, StoreError> {
        let put = new_put(document).map_err(|error| StoreError::Unreadable(error.into()))?;
        // A write follows a read, so this process has met every newer document that it writes.
        if expected == 0 || !self.has_met_newer().load(Ordering::Relaxed) {
            return Ok(put);
        }
        match self.backend().get(D::COLLECTION, document.id()).await? {
            // Another version is a conflict, which the commit finds.
            Some(stored) if stored.version == expected => Ok(keep_newer_fields::<D>(&stored, put)?),
            _ => Ok(put),
        }
    }
}

/// Applies to the stored state what `put` changes in the part that this release knows. A member that this release leaves
/// as it is keeps everything that a newer release has stored in it.
fn keep_newer_fields<D: Document>(stored: &Record, put: Put) -> Result<Put, UnreadableDocument> {
    if stored.format <= D::FORMAT {
        return Ok(put);
    }
    let merge = || {
        let known =
            serde_json::to_value(parse::<D>(stored)?).map_err(|error| unreadable::<D>(stored, &error))?;
        let members = |json| serde_json::from_str(json).map_err(|error| unreadable::<D>(stored, &error));
        let (mut state, next): (Map<String, Value>, Map<String, Value>) =
            (members(&stored.body)?, members(&put.body)?);
        state.retain(|name, _| known.get(name).is_none() || next.contains_key(name));
        state.extend(next.into_iter().filter(|(name, value)| known.get(name) != Some(value)));
        Ok(Value::Object(state).to_string())
    };
    Ok(Put { body: merge()?, format: Format { written: D::FORMAT, newest: stored.format }, ..put })
}

/// The error's message may repeat contents; its kind and position do not.
pub(crate) fn unreadable<D: Document>(record: &Record, error: &serde_json::Error) -> UnreadableDocument {
    UnreadableDocument {
        collection: D::COLLECTION,
        id: record.id,
        reason: format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column()),
    }
}
