//! The layout of a document in the database.
//!
//! ```text
//! {
//!   _id: UUID('0192f000-…'),
//!   version: Long('3'),
//!   format: { written: Long('2'), newest: Long('2') },  // absent in documents of the first release
//!   state: { … },                                  // the aggregate's own fields
//!   keys: { 'by-buyer': '0301….0192f000-…' },      // index entries: one text, or an array of them
//!   claims: { ticket: '0192f000-…' },              // unique keys: one text, or an array of them
//!   outbox: [ { id: UUID('…'), event: { … } } ],   // events without an acknowledgement, oldest first
//! }
//! ```
//!
//! A document that is removed before its outbox is empty becomes a tombstone, `{ _id, removed: true, outbox }`, until the
//! outbox is empty. A tombstone has no keys, and without a `state` counts as absent.

use mongodb::bson::{Array, Bson, Document, RawBsonRef, RawDocument, doc};
use uuid::Uuid;

use super::{index_key, json};
use crate::{Format, Key, Put, Record, Schema, StoreError, UniqueKey};

/// An event in the outbox of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredEvent {
    /// Unique within the outbox; contains, as any `UUIDv7`, the time of the commit.
    pub(super) id: Uuid,
    pub(super) origin: Origin,
    /// The envelope as JSON.
    pub(super) event: String,
}

/// A document with an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) collection: &'static str,
    pub(super) document: Uuid,
}

/// The fields that a put sets: all but the id and the outbox.
pub(super) fn put(schema: &Schema, id: Uuid, put: &Put) -> Result<Document, StoreError> {
    Ok(doc! {
        "version": put.version.cast_signed(),
        "format": { "written": i64::from(put.format.written), "newest": i64::from(put.format.newest) },
        "state": json::read(&put.body)?,
        "keys": keys(schema, id, &put.keys)?,
        "claims": unique_keys(schema, &put.unique_keys)?,
    })
}

fn keys(schema: &Schema, id: Uuid, keys: &[Key]) -> Result<Document, StoreError> {
    let declared = |key: &Key| schema.index(key.index).is_some();
    if let Some(key) = keys.iter().find(|key| !declared(key)) {
        return Err(undeclared(schema, "index", key.index));
    }
    let mut fields = Document::new();
    for index in schema.indexes {
        let own = keys.iter().filter(|key| key.index == index.name);
        let entries = distinct(own.map(|key| index_key::of(&key.bytes, id)).collect());
        if entries.len() > 1 && !index.many {
            return Err(undeclared(schema, "index of many keys", index.name));
        }
        if let Some(entries) = texts(entries, index.many) {
            fields.insert(index.name, entries);
        }
    }
    Ok(fields)
}

fn unique_keys(schema: &Schema, keys: &[UniqueKey]) -> Result<Document, StoreError> {
    if let Some(key) = keys.iter().find(|key| !schema.unique_keys.contains(&key.name)) {
        return Err(undeclared(schema, "unique key", key.name));
    }
    let mut fields = Document::new();
    for name in schema.unique_keys {
        let own = keys.iter().filter(|key| key.name == *name);
        let values = distinct(own.map(|key| key.value.clone()).collect());
        if let Some(values) = texts(values, false) {
            fields.insert(*name, values);
        }
    }
    Ok(fields)
}

/// The error of an undeclared use, which is a defect: without an index, a unique key would not be unique.
pub(super) fn undeclared(schema: &Schema, what: &str, name: &str) -> StoreError {
    StoreError::Unreadable(format!("{} declares no {what} `{name}`", schema.collection).into())
}

fn distinct(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// One text as itself, or as an array if `always_array`; several as an array; `None` if there is none.
fn texts(mut texts: Vec<String>, always_array: bool) -> Option<Bson> {
    match texts.len() {
        0 => None,
        1 if !always_array => texts.pop().map(Bson::String),
        _ => Some(texts.into()),
    }
}

/// The elements of the outbox.
pub(super) fn outbox(events: &[StoredEvent]) -> Result<Array, StoreError> {
    let element = |event: &StoredEvent| {
        Ok(Bson::Document(doc! { "id": json::id(event.id), "event": json::read(&event.event)? }))
    };
    events.iter().map(element).collect()
}

/// The document as a record; `None` for a tombstone.
pub(super) fn record(document: &RawDocument) -> Result<Option<Record>, StoreError> {
    let Some(state) = document.get("state").map_err(unreadable)? else { return Ok(None) };
    let version = document.get_i64("version").map_err(unreadable)?.cast_unsigned();
    Ok(Some(Record {
        id: id(document)?,
        version,
        format: newest_format(document)?,
        body: json::write(state)?,
    }))
}

fn newest_format(document: &RawDocument) -> Result<u32, StoreError> {
    let Some(format) = document.get("format").map_err(unreadable)? else { return Ok(Format::FIRST.newest) };
    let newest = format.as_document().and_then(|format| format.get_i64("newest").ok());
    newest.and_then(|newest| newest.try_into().ok()).ok_or_else(|| damaged("format"))
}

/// The events in the document's outbox, in order.
pub(super) fn events(
    collection: &'static str,
    document: &RawDocument,
) -> Result<Vec<StoredEvent>, StoreError> {
    let origin = Origin { collection, document: id(document)? };
    let element = |element| {
        let RawBsonRef::Document(element) = element else { return Err(damaged("outbox")) };
        let field = |name| element.get(name).map_err(unreadable)?.ok_or_else(|| damaged("outbox"));
        let id = json::as_id(field("id")?).ok_or_else(|| damaged("outbox"))?;
        Ok(StoredEvent { id, origin, event: json::write(field("event")?)? })
    };
    let outbox = document.get_array("outbox").map_err(unreadable)?;
    outbox.into_iter().map(|item| element(item.map_err(unreadable)?)).collect()
}

/// The id of a document.
pub(super) fn id(document: &RawDocument) -> Result<Uuid, StoreError> {
    let id = document.get("_id").map_err(unreadable)?;
    id.and_then(json::as_id).ok_or_else(|| damaged("_id"))
}

/// The error of a field with contents that this adapter does not write.
pub(super) fn damaged(field: &str) -> StoreError {
    StoreError::Unreadable(format!("the field `{field}` of a document is damaged").into())
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unreadable(error.into())
}
