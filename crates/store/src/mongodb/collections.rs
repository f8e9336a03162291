//! The collections that types have declared, and the indexes that these need.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use mongodb::options::IndexOptions;
use mongodb::{Collection, Database, IndexModel};
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::calls::{CALL, call};
use super::json;
use crate::{Schema, StoreError};

/// Building an index of a large collection takes its time, once.
const BUILD: Duration = Duration::from_mins(10);

/// A collection with its declarations.
pub(super) struct Prepared {
    pub(super) schema: Schema,
    pub(super) raw: Collection<RawDocumentBuf>,
    indexed: OnceCell<()>,
}

impl Prepared {
    /// Makes the indexes that are missing. Others may do so at the same time.
    async fn index(&self) -> Result<(), StoreError> {
        let made = self.indexed.get_or_try_init(|| async {
            call(BUILD, self.raw.create_indexes(indexes(&self.schema))).await.map(drop)
        });
        made.await.copied()
    }

    /// Deletes what was removed and has nothing left to announce.
    pub(super) async fn forget_removed(&self) -> Result<(), StoreError> {
        let silent = doc! { "removed": true, "outbox": { "$size": 0 } };
        call(CALL, self.raw.delete_many(silent)).await.map(drop)
    }
}

/// The indexes of a collection. Each holds only documents that have its field, and its queries say as much, or the
/// server would not use it.
fn indexes(schema: &Schema) -> Vec<IndexModel> {
    let text = || doc! { "$gte": "" };
    let keys = schema.indexes.iter().map(|index| index_on(&format!("keys.{}", index.name), text(), false));
    let claims = schema.claims.iter().map(|claim| index_on(&format!("claims.{claim}"), text(), true));
    let outbox = index_on("outbox.id", doc! { "$gte": json::id(Uuid::nil()) }, false);
    let removed = index_on("removed", doc! { "$eq": true }, false);
    keys.chain(claims).chain([outbox, removed]).collect()
}

fn index_on(path: &str, holding: Document, unique: bool) -> IndexModel {
    let field = |value: Bson| Document::from_iter([(path.to_owned(), value)]);
    let options = IndexOptions::builder()
        .name(path.to_owned())
        .partial_filter_expression(field(holding.into()))
        .unique(unique.then_some(true))
        .build();
    IndexModel::builder().keys(field(Bson::Int32(1))).options(options).build()
}

/// All of them.
pub(super) struct Collections {
    database: Database,
    prepared: Mutex<BTreeMap<&'static str, Arc<Prepared>>>,
}

impl Collections {
    pub(super) fn of(database: Database) -> Self {
        Self { database, prepared: Mutex::default() }
    }

    /// A type declares what it needs. The first to declare a collection is believed.
    pub(super) fn declare(&self, schema: Schema) {
        self.prepare(schema);
    }

    /// The collection of this name, with its indexes. What nobody has declared has no keys and no claims.
    pub(super) async fn named(&self, collection: &'static str) -> Result<Arc<Prepared>, StoreError> {
        let prepared = self.prepare(Schema { collection, indexes: &[], claims: &[] });
        prepared.index().await?;
        Ok(prepared)
    }

    /// All collections, with their indexes.
    pub(super) async fn all(&self) -> Result<Vec<Arc<Prepared>>, StoreError> {
        let all: Vec<_> = self.lock().values().cloned().collect();
        for prepared in &all {
            prepared.index().await?;
        }
        Ok(all)
    }

    fn prepare(&self, schema: Schema) -> Arc<Prepared> {
        let make = || {
            let raw = self.database.collection(schema.collection);
            Arc::new(Prepared { schema, raw, indexed: OnceCell::new() })
        };
        Arc::clone(self.lock().entry(schema.collection).or_insert_with(make))
    }

    fn lock(&self) -> parking_lot::MutexGuard<'_, BTreeMap<&'static str, Arc<Prepared>>> {
        self.prepared.lock()
    }
}
