//! The next release, imitated at the database: all of its documents have a further field, orders also have a further
//! index, and events have words that this release does not know.
//!
//! A second set of programs would take minutes to build. Databases and events are all that two releases share, so this
//! adapter makes of a marketplace of this release one whose documents and events are those of the next.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use orders::domain::Order;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{
    Backend, Change, CommitError, Document, Format, Index, IndexedRecord, Intercept, Key, Keys, Put,
    RangeQuery, Record, Revision, Schema, StoreError, UniqueKey, Write,
};
use uuid::Uuid;

/// The further field of every document.
pub(crate) const FIELD: &str = "ofNextRelease";

/// The further index of orders: all of them, by id.
pub(crate) const INDEX: &str = "all";

/// The indexes of this release, then the further one.
const INDEXES: [Index; Order::INDEXES.len() + 1] = {
    let mut indexes = [Index::one(INDEX); Order::INDEXES.len() + 1];
    let mut position = 0;
    while position < Order::INDEXES.len() {
        indexes[position] = Order::INDEXES[position];
        position += 1;
    }
    indexes
};

/// An order as the next release declares it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NextOrder {
    #[serde(flatten)]
    order: Order,
    #[serde(rename = "ofNextRelease", default)]
    field: Value,
}

impl Document for NextOrder {
    const COLLECTION: &'static str = Order::COLLECTION;
    const FORMAT: u32 = Order::FORMAT + 1;
    const INDEXES: &'static [Index] = &INDEXES;
    const UNIQUE_KEYS: &'static [&'static str] = Order::UNIQUE_KEYS;

    fn id(&self) -> Uuid {
        self.order.id()
    }

    fn version(&self) -> u64 {
        self.order.version()
    }

    fn keys(&self) -> Keys {
        self.order.keys().ordered(INDEX, [self.id().into()])
    }
}

/// The database of a service, shared by processes of both releases, and never closed by one of them.
#[derive(Clone)]
pub(crate) struct ReleaseDatabase {
    database: Arc<dyn Backend>,
    /// The formats of this release by collection; `None`: the process is of this release.
    next: Option<Arc<Mutex<HashMap<&'static str, u32>>>>,
    /// The documents that the next release has written.
    written: Arc<Mutex<HashSet<(&'static str, Uuid)>>>,
}

impl ReleaseDatabase {
    /// The database as this release uses it.
    pub(crate) fn new(database: Arc<dyn Backend>) -> Self {
        Self { database, next: None, written: Arc::default() }
    }

    /// The same as the next release uses it.
    pub(crate) fn next(&self) -> Self {
        Self { next: Some(Arc::default()), ..self.clone() }
    }

    /// The documents that the next release has written and that still exist.
    pub(crate) async fn documents_of_next(&self) -> Vec<(&'static str, Record)> {
        let written: Vec<_> = self.written.lock().iter().copied().collect();
        let mut documents = Vec::new();
        for (collection, id) in written {
            let record = self.database.get(collection, id).await.expect("a database");
            documents.extend(record.map(|record| (collection, record)));
        }
        documents
    }

    /// A record as the program of the next release sees it: of its own format.
    fn seen(&self, collection: &str, record: Record) -> Record {
        let formats = self.next.as_ref().map(|formats| formats.lock());
        let own = formats.and_then(|formats| formats.get(collection).copied());
        Record { format: own.unwrap_or(record.format), ..record }
    }

    /// A write as the next release makes it.
    async fn of_next(&self, mut write: Write) -> Result<Write, StoreError> {
        if let Change::Put(put) = write.change {
            let stored = self.database.get(write.collection, write.id).await?;
            let field = stored.and_then(|stored| members(&stored.body).remove(FIELD));
            write.change = Change::Put(next_put(write.collection, write.id, put, field));
        }
        write.outbox = write.outbox.iter().map(|event| next_event(event)).collect();
        Ok(write)
    }
}

fn members(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).expect("an object")
}

/// The document with the further field and index, in the next format.
fn next_put(collection: &str, id: Uuid, put: Put, field: Option<Value>) -> Put {
    let mut state = members(&put.body);
    state.insert(FIELD.to_owned(), field.unwrap_or_else(|| json!({ "first": put.version })));
    let mut keys = put.keys;
    if collection == NextOrder::COLLECTION && state.contains_key("expiresAt") {
        // As `Part::Id` is encoded.
        keys.push(Key { index: INDEX, bytes: [&[3], &id.as_bytes()[..]].concat() });
    }
    let format = Format::of(put.format.written + 1);
    Put { format, body: Value::Object(state).to_string(), keys, ..put }
}

/// An event of the next release: with a further field, and with words of its own.
fn next_event(event: &str) -> String {
    let mut event: Value = serde_json::from_str(event).expect("an event");
    event[FIELD] = json!(1);
    event["data"][FIELD] = json!({ "deep": true });
    if event["subject"] == "order.cancelled" {
        event["data"]["cancelReason"] = json!("changed-mind");
    }
    if event["subject"] == "ticket.withdrawn" {
        event["data"]["status"] = json!("lapsed");
    }
    event.to_string()
}

impl Intercept for ReleaseDatabase {
    fn inner(&self) -> &dyn Backend {
        &*self.database
    }

    fn declare(&self, schema: Schema) {
        if let Some(formats) = &self.next {
            formats.lock().insert(schema.collection, schema.format);
        }
        self.database.declare(schema);
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        async move { Ok(self.database.get(collection, id).await?.map(|found| self.seen(collection, found))) }
            .boxed()
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        key: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        async move {
            let found = self.database.get_by_unique_key(collection, key).await?;
            Ok(found.map(|found| self.seen(collection, found)))
        }
        .boxed()
    }

    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        async move {
            let collection = query.collection;
            let rows = self.database.range(query).await?.into_iter();
            Ok(rows.map(|(cursor, row)| (cursor, row.map(|row| self.seen(collection, row)))).collect())
        }
        .boxed()
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        async move {
            if self.next.is_none() {
                return self.database.commit(write).await;
            }
            let write = self.of_next(write).await?;
            let put = matches!(write.change, Change::Put(_)).then_some((write.collection, write.id));
            self.database.commit(write).await?;
            // Not before: a write that another process has won leaves nothing of this release.
            self.written.lock().extend(put);
            Ok(())
        }
        .boxed()
    }

    /// Processes of the other release write as well.
    fn revision(&self, collection: &'static str) -> Revision {
        match self.database.revision(collection) {
            Revision::OfAll(commits) | Revision::OfThisProcess(commits) => Revision::OfThisProcess(commits),
        }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }
}
