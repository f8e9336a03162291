//! Reading documents.

use futures::TryStreamExt;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use uuid::Uuid;

use super::calls::{CALL, call};
use super::collections::Prepared;
use super::{json, layout, place};
use crate::{Direction, Index, IndexedRecord, RangeQuery, Record, StoreError, UniqueKey};

/// The fields that a reader needs.
fn needed() -> Document {
    doc! { "version": 1, "state": 1 }
}

/// The document of this id.
pub(super) async fn get(collection: &Prepared, id: Uuid) -> Result<Option<Record>, StoreError> {
    one(collection, doc! { "_id": json::id(id) }).await
}

/// The document that holds this claim.
pub(super) async fn get_by_unique_key(
    collection: &Prepared,
    claim: UniqueKey,
) -> Result<Option<Record>, StoreError> {
    if !collection.schema.claims.contains(&claim.name) {
        return Err(layout::undeclared(&collection.schema, "claim", claim.name));
    }
    one(collection, doc! { format!("claims.{}", claim.name): claim.value }).await
}

async fn one(collection: &Prepared, filter: Document) -> Result<Option<Record>, StoreError> {
    let found = call(CALL, collection.raw.find_one(filter).projection(needed())).await?;
    found.as_deref().map_or(Ok(None), layout::record)
}

/// A part of an index.
pub(super) async fn range(
    collection: &Prepared,
    query: &RangeQuery,
) -> Result<Vec<IndexedRecord>, StoreError> {
    let schema = &collection.schema;
    let index = schema.index(query.index).ok_or_else(|| layout::undeclared(schema, "index", query.index))?;
    let path = format!("keys.{}", index.name);
    let rows = call(CALL, rows(collection, index, &path, query)).await?;
    let placed = |row: RawDocumentBuf| {
        let keys = row.get_document("keys").map_err(|_| layout::damaged("keys"))?;
        let place = keys.get_str(index.name).ok().and_then(place::parse);
        let record = layout::record(&row)?.ok_or_else(|| layout::damaged("state"))?;
        Ok((place.ok_or_else(|| layout::damaged("keys"))?, record))
    };
    rows.into_iter().map(placed).collect()
}

/// The documents, each with the one place at which it was found.
async fn rows(
    collection: &Prepared,
    index: Index,
    path: &str,
    query: &RangeQuery,
) -> Result<Vec<RawDocumentBuf>, mongodb::error::Error> {
    let order = match query.direction {
        Direction::Ascending => doc! { path: 1 },
        Direction::Descending => doc! { path: -1 },
    };
    let mut fields = needed();
    fields.insert(path, 1);
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    if !index.many {
        let find = collection.raw.find(doc! { path: bounds(query) });
        return find.sort(order).limit(limit).projection(fields).await?.try_collect().await;
    }
    // A sort on an array goes by its least or greatest element, be it in the range or not; so each place becomes a row
    // before the rows are sorted. The server looks at the whole range for that, and keeps no more than `limit`.
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

/// What a place must be to lie in the range.
fn bounds(query: &RangeQuery) -> Document {
    let mut bounds = doc! { "$gte": place::bound(&query.from) };
    if let Some(to) = &query.to {
        bounds.insert("$lt", place::bound(to));
    }
    let Some(after) = query.after.as_deref().map(place::text) else { return bounds };
    match query.direction {
        Direction::Ascending => bounds.insert("$gt", after),
        Direction::Descending => {
            let least = query.to.as_deref().map(place::bound).map_or(after.clone(), |to| to.min(after));
            bounds.insert("$lt", least)
        }
    };
    bounds
}
