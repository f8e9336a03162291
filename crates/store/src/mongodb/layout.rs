//! How a document is laid out, and how it is read back.
//!
//! ```text
//! {
//!   _id: UUID('0192f000-…'),
//!   version: Long('3'),
//!   state: { … },                                  // the aggregate's own fields
//!   keys: { 'by-buyer': '0301….0192f000-…' },      // its places: one text, or an array of them
//!   claims: { ticket: '0192f000-…' },              // one text, or an array of them
//!   outbox: [ { id: UUID('…'), event: { … } } ],   // what the bus has not acknowledged yet, oldest first
//! }
//! ```
//!
//! What is removed while its outbox holds something stays as `{ _id, removed: true, outbox }` until the outbox is empty.
//! Nobody finds it by a key or a claim, and without a `state` it counts as not there.

use mongodb::bson::{Array, Bson, Document, RawBsonRef, RawDocument, doc};
use uuid::Uuid;

use super::outbox::{Entry, Origin};
use super::{json, place};
use crate::{Key, Put, Record, Schema, StoreError, UniqueKey};

/// What a put sets: everything but the id and the outbox.
pub(super) fn put(schema: &Schema, id: Uuid, put: &Put) -> Result<Document, StoreError> {
    Ok(doc! {
        "version": put.version.cast_signed(),
        "state": json::read(&put.body)?,
        "keys": keys(schema, id, &put.keys)?,
        "claims": claims(schema, &put.claims)?,
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
        let places = each_once(own.map(|key| place::of(&key.bytes, id)).collect());
        if places.len() > 1 && !index.many {
            return Err(undeclared(schema, "index of many keys", index.name));
        }
        if let Some(places) = texts(places, index.many) {
            fields.insert(index.name, places);
        }
    }
    Ok(fields)
}

fn claims(schema: &Schema, claims: &[UniqueKey]) -> Result<Document, StoreError> {
    if let Some(claim) = claims.iter().find(|claim| !schema.claims.contains(&claim.name)) {
        return Err(undeclared(schema, "claim", claim.name));
    }
    let mut fields = Document::new();
    for name in schema.claims {
        let own = claims.iter().filter(|claim| claim.name == *name);
        let values = each_once(own.map(|claim| claim.value.clone()).collect());
        if let Some(values) = texts(values, false) {
            fields.insert(*name, values);
        }
    }
    Ok(fields)
}

/// A use that the type does not declare is a defect: without an index, a claim would hold nobody off.
pub(super) fn undeclared(schema: &Schema, what: &str, name: &str) -> StoreError {
    StoreError::Unreadable(format!("{} declares no {what} `{name}`", schema.collection).into())
}

fn each_once(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// One text as itself, unless it shall be an array like several; nothing if there is none.
fn texts(mut texts: Vec<String>, always_array: bool) -> Option<Bson> {
    match texts.len() {
        0 => None,
        1 if !always_array => texts.pop().map(Bson::String),
        _ => Some(texts.into()),
    }
}

/// The entries as elements of the outbox.
pub(super) fn outbox(entries: &[Entry]) -> Result<Array, StoreError> {
    let element = |entry: &Entry| {
        Ok(Bson::Document(doc! { "id": json::id(entry.id), "event": json::read(&entry.event)? }))
    };
    entries.iter().map(element).collect()
}

/// The document as its readers know it; `None`: it is removed.
pub(super) fn record(document: &RawDocument) -> Result<Option<Record>, StoreError> {
    let Some(state) = document.get("state").map_err(unreadable)? else { return Ok(None) };
    let version = document.get_i64("version").map_err(unreadable)?.cast_unsigned();
    Ok(Some(Record { id: id(document)?, version, body: json::write(state)? }))
}

/// What waits in the document's outbox, in order.
pub(super) fn entries(collection: &'static str, document: &RawDocument) -> Result<Vec<Entry>, StoreError> {
    let origin = Origin { collection, document: id(document)? };
    let element = |element| {
        let RawBsonRef::Document(element) = element else { return Err(damaged("outbox")) };
        let field = |name| element.get(name).map_err(unreadable)?.ok_or_else(|| damaged("outbox"));
        let id = json::as_id(field("id")?).ok_or_else(|| damaged("outbox"))?;
        Ok(Entry { id, origin, event: json::write(field("event")?)? })
    };
    let outbox = document.get_array("outbox").map_err(unreadable)?;
    outbox.into_iter().map(|item| element(item.map_err(unreadable)?)).collect()
}

fn id(document: &RawDocument) -> Result<Uuid, StoreError> {
    let id = document.get("_id").map_err(unreadable)?;
    id.and_then(json::as_id).ok_or_else(|| damaged("_id"))
}

/// A field is not what this adapter writes there.
pub(super) fn damaged(field: &str) -> StoreError {
    StoreError::Unreadable(format!("the field `{field}` of a document is damaged").into())
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unreadable(error.into())
}
