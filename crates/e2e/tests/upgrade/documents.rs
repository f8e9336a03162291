//! The documents of golden databases as MongoDB has them: extended JSON, one file for each service.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use common::SharedClock;
use common::clock::SystemClock;
use common::{Ids, SystemEntropy};
use futures::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};
use mongodb::{Client, Database};
use rusqlite::Connection;
use serde_json::{Value, json};
use store::mongodb::MongoBackend;
use store::{Backend, Change, Format, Index, Key, Put, Schema, UniqueKey, Write};
use uuid::Uuid;

use crate::generate::SERVICES;

/// Databases on the server, dropped at the end of the test.
pub(crate) struct MongoDatabases {
    client: Client,
    prefix: String,
}

impl MongoDatabases {
    pub(crate) async fn new() -> Self {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
        let prefix = format!("test-{}-", ids.next::<Uuid>().simple());
        let client = Client::with_uri_str(address()).await.expect("the address is valid");
        Self { client, prefix }
    }

    pub(crate) fn database(&self, service: &str) -> Database {
        self.client.database(&format!("{}{service}", self.prefix))
    }

    /// The adapter on the database of a service.
    pub(crate) async fn open(&self, service: &str, clock: SharedClock, ids: Ids) -> Arc<MongoBackend> {
        let name = format!("{}{service}", self.prefix);
        MongoBackend::open(&address(), &name, clock, ids).await.expect("the database opens")
    }

    pub(crate) async fn drop(self) {
        for service in SERVICES {
            self.database(service).drop().await.expect("the database is dropped");
        }
    }
}

fn address() -> String {
    std::env::var("TEST_MONGODB_URI")
        .unwrap_or_else(|_| panic!("set TEST_MONGODB_URI, or run `cargo xtask test`"))
}

/// Writes the documents of a golden folder's SQLite files beside them, as the adapter of this release stores them.
pub(crate) async fn convert(folder: &Path) {
    let databases = MongoDatabases::new().await;
    for service in SERVICES {
        let clock: SharedClock = Arc::new(SystemClock);
        let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
        let backend = databases.open(service, clock, ids).await;
        copy(&folder.join(format!("{service}.db")), &backend).await;
        backend.close().await;
        let mut collections = BTreeMap::<String, Vec<Value>>::new();
        let database = databases.database(service);
        for name in database.list_collection_names().await.expect("the server answers") {
            let found = database.collection::<Document>(&name).find(doc! {}).sort(doc! { "_id": 1 }).await;
            let found: Vec<_> = found.expect("the server answers").try_collect().await.expect("documents");
            collections
                .insert(name, found.into_iter().map(|one| extended_json(Bson::Document(one))).collect());
        }
        let text = serde_json::to_string_pretty(&collections).expect("JSON");
        fs::write(folder.join(format!("{service}.json")), text + "\n").expect("a writable folder");
    }
    databases.drop().await;
}

/// Restores the documents of a golden folder.
pub(crate) async fn restore(folder: &Path, databases: &MongoDatabases) {
    for service in SERVICES {
        let file = folder.join(format!("{service}.json"));
        // Notifications is younger than the first folders.
        if service == notifications::NAME && !file.exists() {
            continue;
        }
        let text = fs::read_to_string(file).expect("a golden file");
        let collections: BTreeMap<String, Vec<Document>> =
            serde_json::from_str(&text).expect("extended JSON");
        for (name, documents) in collections.into_iter().filter(|(_, documents)| !documents.is_empty()) {
            let collection = databases.database(service).collection::<Document>(&name);
            collection.insert_many(documents).await.expect("the documents are inserted");
        }
    }
}

/// Copies every document of a SQLite file, with its keys.
async fn copy(file: &Path, backend: &MongoBackend) {
    let file = Connection::open(file).expect("a database");
    let strings = |sql: &str, collection: &str| -> Vec<&'static str> {
        let mut statement = file.prepare(sql).expect("SQL");
        let names = statement.query_map([collection], |row| row.get::<_, String>(0)).expect("rows");
        names.map(|name| &*name.expect("a name").leak()).collect()
    };
    for collection in strings("SELECT DISTINCT collection FROM documents WHERE ?1 = ?1", "") {
        let indexes = strings("SELECT DISTINCT name FROM keys WHERE collection = ?1", collection);
        let indexes: Vec<_> = indexes.into_iter().map(Index::one).collect();
        let unique_keys = strings("SELECT DISTINCT name FROM claims WHERE collection = ?1", collection);
        backend.declare(Schema {
            collection,
            format: Format::FIRST.written,
            indexes: indexes.leak(),
            unique_keys: unique_keys.leak(),
        });
        let mut rows =
            file.prepare("SELECT document, id, version, format, body FROM documents WHERE collection = ?1");
        let rows = rows.as_mut().expect("SQL").query_map([collection], |row| {
            let (document, id, version) =
                (row.get::<_, i64>(0)?, Uuid::from_bytes(row.get(1)?), row.get::<_, i64>(2)?);
            Ok((document, id, version, row.get(3)?, row.get(4)?))
        });
        let rows: Vec<(_, _, _, u32, String)> = rows.expect("rows").map(|row| row.expect("a row")).collect();
        for (document, id, version, format, body) in rows {
            let keys = named(&file, "SELECT name, key FROM keys WHERE document = ?1", document);
            let claims = named(&file, "SELECT name, value FROM claims WHERE document = ?1", document);
            let text = |value| String::from_utf8(value).expect("a unique key is a text");
            let put = Put {
                version: version.cast_unsigned(),
                format: Format::of(format),
                body,
                keys: keys.into_iter().map(|(index, bytes)| Key { index, bytes }).collect(),
                unique_keys: claims
                    .into_iter()
                    .map(|(name, value)| UniqueKey::new(name, text(value)))
                    .collect(),
            };
            let write = Write { collection, id, expected: 0, change: Change::Put(put), outbox: Vec::new() };
            backend.commit(write).await.expect("a copy");
        }
    }
}

/// The formats in which the documents of a SQLite file were last written, by collection.
pub(crate) fn recorded_formats(file: &Path) -> BTreeMap<String, BTreeSet<u32>> {
    let file = Connection::open(file).expect("a database");
    let mut rows = file.prepare("SELECT DISTINCT collection, format FROM documents").expect("SQL");
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    let mut formats = BTreeMap::<String, BTreeSet<u32>>::new();
    for row in rows {
        let (collection, format) = row.expect("a row");
        formats.entry(collection).or_default().insert(format);
    }
    formats
}

/// The rows of a document's keys: name and value.
fn named(file: &Connection, sql: &str, document: i64) -> Vec<(&'static str, Vec<u8>)> {
    let mut statement = file.prepare(sql).expect("SQL");
    let rows = statement.query_map([document], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)));
    rows.expect("rows").map(|row| row.map(|(name, value)| (&*name.leak(), value)).expect("a row")).collect()
}

/// BSON as extended JSON, which `Bson` deserializes to the same types.
fn extended_json(bson: Bson) -> Value {
    match bson {
        Bson::Document(document) => {
            document.into_iter().map(|(name, value)| (name, extended_json(value))).collect()
        }
        Bson::Array(values) => values.into_iter().map(extended_json).collect(),
        Bson::Binary(binary) => {
            json!({ "$uuid": Uuid::from_slice(&binary.bytes).expect("an id").to_string() })
        }
        Bson::Int32(number) => json!({ "$numberInt": number.to_string() }),
        Bson::Int64(number) => json!({ "$numberLong": number.to_string() }),
        Bson::Double(number) => json!({ "$numberDouble": number.to_string() }),
        Bson::String(text) => json!(text),
        Bson::Boolean(value) => json!(value),
        Bson::Null => Value::Null,
        other => panic!("the adapter writes no {:?}", other.element_type()),
    }
}
