//! Reads of documents.

use futures::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use uuid::Uuid;

use super::calls::{CALL_TIMEOUT, call};
use super::collections::CollectionHandle;
use super::{index_key, json, layout};
use crate::{
    Direction, Format, Index, IndexedRecord, RangeQuery, Record, ScannedRecord, StoreError, UniqueKey,
};

/// The fields of a record.
fn record_fields() -> Document {
    doc! { "version": 1, "format": 1, "state": 1 }
}

/// The document of this id.
pub(super) async fn get(collection: &CollectionHandle, id: Uuid) -> Result<Option<Record>, StoreError> {
    one(collection, doc! { "_id": json::id(id) }).await
}

/// The document that holds this unique key.
pub(super) async fn get_by_unique_key(
    collection: &CollectionHandle,
    key: UniqueKey,
) -> Result<Option<Record>, StoreError> {
    if !collection.schema.unique_keys.contains(&key.name) {
        return Err(layout::undeclared(&collection.schema, "unique key", key.name));
    }
    one(collection, doc! { format!("claims.{}", key.name): key.value }).await
}

async fn one(collection: &CollectionHandle, filter: Document) -> Result<Option<Record>, StoreError> {
    let found = call(CALL_TIMEOUT, collection.raw.find_one(filter).projection(record_fields())).await?;
    found.as_deref().map_or(Ok(None), layout::record)
}

/// A part of an index.
pub(super) async fn range(
    collection: &CollectionHandle,
    query: &RangeQuery,
) -> Result<Vec<IndexedRecord>, StoreError> {
    let schema = &collection.schema;
    let index = schema.index(query.index).ok_or_else(|| layout::undeclared(schema, "index", query.index))?;
    let path = format!("keys.{}", index.name);
    let rows = call(CALL_TIMEOUT, rows(collection, index, &path, query)).await?;
    let indexed = |row: RawDocumentBuf| {
        let keys = row.get_document("keys").map_err(|_| layout::damaged("keys"))?;
        let cursor = keys.get_str(index.name).ok().and_then(index_key::to_cursor);
        let record = layout::record(&row).and_then(|record| record.ok_or_else(|| layout::damaged("state")));
        // A damaged document hides no other.
        Ok((cursor.ok_or_else(|| layout::damaged("keys"))?, record))
    };
    rows.into_iter().map(indexed).collect()
}

/// The number of documents in a part of an index.
pub(super) async fn count(collection: &CollectionHandle, query: &RangeQuery) -> Result<usize, StoreError> {
    let schema = &collection.schema;
    let index = schema.index(query.index).ok_or_else(|| layout::undeclared(schema, "index", query.index))?;
    let path = format!("keys.{}", index.name);
    // The server refuses a greater one.
    let limit = u64::try_from(query.limit).unwrap_or(u64::MAX).min(i64::MAX.unsigned_abs());
    let counted = collection.raw.count_documents(doc! { path: bounds(query) }).limit(limit);
    Ok(usize::try_from(call(CALL_TIMEOUT, counted).await?).unwrap_or(usize::MAX))
}

/// Documents in order of their ids. Documents with an id of another type are not of this program.
pub(super) async fn scan(
    collection: &Collection<RawDocumentBuf>,
    format: Option<u32>,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<ScannedRecord>, StoreError> {
    let bound =
        after.map_or_else(|| doc! { "$gte": json::id(Uuid::nil()) }, |after| doc! { "$gt": json::id(after) });
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut filter = doc! { "_id": bound, "state": { "$exists": true } };
    if let Some(format) = format {
        let written = Bson::Int64(format.into());
        // Absent in documents of the first release.
        let is_first = format == Format::FIRST.written;
        let written = if is_first { doc! { "$in": [written, Bson::Null] }.into() } else { written };
        filter.insert("format.written", written);
    }
    let find = collection.find(filter).sort(doc! { "_id": 1 }).limit(limit).projection(record_fields());
    let rows: Vec<RawDocumentBuf> = call(CALL_TIMEOUT, async { find.await?.try_collect().await }).await?;
    let scanned = |row: RawDocumentBuf| {
        let record = layout::record(&row).and_then(|record| record.ok_or_else(|| layout::damaged("state")));
        Ok((layout::id(&row)?, record))
    };
    rows.into_iter().map(scanned).collect()
}

/// The documents, each with the one index entry of the range that matched.
async fn rows(
    collection: &CollectionHandle,
    index: Index,
    path: &str,
    query: &RangeQuery,
) -> Result<Vec<RawDocumentBuf>, mongodb::error::Error> {
    let order = match query.direction {
        Direction::Ascending => doc! { path: 1 },
        Direction::Descending => doc! { path: -1 },
    };
    let mut fields = record_fields();
    fields.insert(path, 1);
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    if !index.many {
        let find = collection.raw.find(doc! { path: bounds(query) });
        return find.sort(order).limit(limit).projection(fields).await?.try_collect().await;
    }
    // A sort on an array goes by its least or greatest element, in the range or not, so each entry becomes a row before
    // the sort. The server scans the whole range for that, and keeps no more than `limit`.
    let stages = [
        doc! { "$match": { path: { "$elemMatch": bounds(query) } } },
        doc! { "$project": fields },
        doc! { "$unwind": format!("${path}") },
        doc! { "$match": { path: bounds(query) } },
        doc! { "$sort": order },
        doc! { "$limit": limit },
    ];
    let rows = collection.raw.aggregate(stages).with_type::<RawDocumentBuf>();
    rows.await?.try_collect().await
}

/// The condition of an index entry in the range.
fn bounds(query: &RangeQuery) -> Document {
    let mut bounds = doc! { "$gte": index_key::bound(&query.from) };
    if let Some(to) = &query.to {
        bounds.insert("$lt", index_key::bound(to));
    }
    let Some(after) = query.after.as_deref().map(index_key::from_cursor) else { return bounds };
    match query.direction {
        Direction::Ascending => bounds.insert("$gt", after),
        Direction::Descending => {
            let least = query.to.as_deref().map(index_key::bound).map_or(after.clone(), |to| to.min(after));
            bounds.insert("$lt", least)
        }
    };
    bounds
}
