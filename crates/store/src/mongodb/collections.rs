//! Handles of the declared collections, with their indexes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use mongodb::options::IndexOptions;
use mongodb::{Collection, Database, IndexModel};
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::calls::{CALL_TIMEOUT, call};
use super::json;
use crate::{Format, Schema, StoreError};

/// Building an index of a large collection takes minutes, once.
const INDEX_BUILD_TIMEOUT: Duration = Duration::from_mins(10);

/// The name of the index of formats.
const BY_FORMAT: &str = "format";

/// A collection with its declarations.
pub(super) struct CollectionHandle {
    pub(super) schema: Schema,
    pub(super) raw: Collection<RawDocumentBuf>,
    /// The commits of this process.
    pub(super) commits: AtomicU64,
    indexed: OnceCell<()>,
}

impl CollectionHandle {
    /// Creates missing indexes; other processes may do so at the same time.
    async fn ensure_indexes(&self) -> Result<(), StoreError> {
        let created = self.indexed.get_or_try_init(|| async {
            call(INDEX_BUILD_TIMEOUT, self.raw.create_indexes(indexes(&self.schema))).await.map(drop)
        });
        created.await.copied()
    }

    /// Deletes tombstones with an empty outbox.
    pub(super) async fn delete_tombstones(&self) -> Result<(), StoreError> {
        let published = doc! { "removed": true, "outbox": { "$size": 0 } };
        call(CALL_TIMEOUT, self.raw.delete_many(published)).await.map(drop)
    }
}

/// The indexes of a collection. Each covers only documents with its field; the server uses such an index only for
/// queries with the same condition.
fn indexes(schema: &Schema) -> Vec<IndexModel> {
    let text = || doc! { "$gte": "" };
    let keys = schema.indexes.iter().map(|index| index_on(&format!("keys.{}", index.name), text(), false));
    let unique = schema.unique_keys.iter().map(|name| index_on(&format!("claims.{name}"), text(), true));
    let outbox = index_on("outbox.id", doc! { "$gte": json::id(Uuid::nil()) }, false);
    let removed = index_on("removed", doc! { "$eq": true }, false);
    keys.chain(unique).chain([outbox, removed]).chain(by_format(schema)).collect()
}

/// The index that finds documents of former formats, if there can be any. Not partial: in documents of the first release
/// the format is absent. An update that leaves the format as it is does not touch the index.
fn by_format(schema: &Schema) -> Option<IndexModel> {
    let options = IndexOptions::builder().name(BY_FORMAT.to_owned()).build();
    let index = IndexModel::builder().keys(doc! { "format.written": 1, "_id": 1 }).options(options).build();
    (schema.format > Format::FIRST.written).then_some(index)
}

fn index_on(path: &str, condition: Document, unique: bool) -> IndexModel {
    let field = |value: Bson| Document::from_iter([(path.to_owned(), value)]);
    let options = IndexOptions::builder()
        .name(path.to_owned())
        .partial_filter_expression(field(condition.into()))
        .unique(unique.then_some(true))
        .build();
    IndexModel::builder().keys(field(Bson::Int32(1))).options(options).build()
}

/// The collections of a database.
pub(super) struct Collections {
    database: Database,
    handles: Mutex<BTreeMap<&'static str, Arc<CollectionHandle>>>,
}

impl Collections {
    pub(super) fn of(database: Database) -> Self {
        Self { database, handles: Mutex::default() }
    }

    /// Declares a collection. The first declaration of a collection counts.
    pub(super) fn declare(&self, schema: Schema) {
        self.handle(schema);
    }

    /// The collection of this name, with its indexes. An undeclared collection has no keys.
    pub(super) async fn named(&self, collection: &'static str) -> Result<Arc<CollectionHandle>, StoreError> {
        let handle = self.handle(Schema { collection, format: 1, indexes: &[], unique_keys: &[] });
        handle.ensure_indexes().await?;
        Ok(handle)
    }

    /// The collection of this name as it is, for reads by id.
    pub(super) fn raw(&self, collection: &'static str) -> Collection<RawDocumentBuf> {
        self.database.collection(collection)
    }

    /// The number of commits of this process to a collection.
    pub(super) fn commits(&self, collection: &str) -> u64 {
        self.handles.lock().get(collection).map_or(0, |handle| handle.commits.load(Ordering::Relaxed))
    }

    /// All collections, with their indexes.
    pub(super) async fn all(&self) -> Result<Vec<Arc<CollectionHandle>>, StoreError> {
        let all: Vec<_> = self.handles.lock().values().cloned().collect();
        for handle in &all {
            handle.ensure_indexes().await?;
        }
        Ok(all)
    }

    fn handle(&self, schema: Schema) -> Arc<CollectionHandle> {
        let make = || {
            let raw = self.database.collection(schema.collection);
            Arc::new(CollectionHandle { schema, raw, commits: AtomicU64::new(0), indexed: OnceCell::new() })
        };
        Arc::clone(self.handles.lock().entry(schema.collection).or_insert_with(make))
    }
}
