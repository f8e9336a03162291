//! A snapshot of all databases and of the card processor's `PaymentIntent`s.

use std::collections::HashMap;

use futures::TryStreamExt;
use mongodb::bson::{Bson, Document};
use mongodb::{Client, Database};
use serde_json::Value;
use uuid::Uuid;

use crate::Endpoints;
use crate::audit::intents;

/// Every document of all databases, and every `PaymentIntent`.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The documents as they are stored, by service and collection (`orders.tickets`), with ids as text.
    pub documents: HashMap<String, Vec<Value>>,
    /// The card processor's `PaymentIntent`s.
    pub intents: Vec<Value>,
}

impl Snapshot {
    /// The aggregates of a collection: the documents' states.
    pub fn all(&self, collection: &str) -> impl Iterator<Item = &Value> {
        let documents = self.documents.get(collection).into_iter().flatten();
        documents.map(|document| &document["state"]).filter(|state| !state.is_null())
    }

    /// The aggregates of a collection by a field that identifies them.
    pub(crate) fn by(&self, collection: &str, field: &str) -> HashMap<&str, &Value> {
        self.all(collection).filter_map(|one| Some((one[field].as_str()?, one))).collect()
    }

    /// The number of orders with this status or cancel reason: `complete`, `by-buyer`, `expired`, …
    pub fn ended(&self, how: &str) -> usize {
        self.all("orders.orders")
            .filter(|order| order["status"] == how || order["status"]["cancelled"] == how)
            .count()
    }
}

/// A database does not answer.
pub type ReadError = mongodb::error::Error;

/// Connections to the databases of all services.
pub struct SnapshotReader {
    databases: Vec<(&'static str, Client, Database)>,
}

impl SnapshotReader {
    /// Connects to the database of each service by its URL.
    ///
    /// # Errors
    /// A URL is not valid.
    pub async fn open(urls: &[(&'static str, String)]) -> Result<Self, ReadError> {
        let mut databases = Vec::new();
        for (service, url) in urls {
            let client = Client::with_uri_str(url).await?;
            let database = client.default_database().unwrap_or_else(|| client.database(service));
            databases.push((*service, client, database));
        }
        Ok(Self { databases })
    }

    /// Reads everything.
    ///
    /// # Errors
    /// A database does not answer.
    pub async fn read(&self, endpoints: &Endpoints) -> Result<Snapshot, ReadError> {
        let mut documents = HashMap::new();
        for (service, _, database) in &self.databases {
            for name in database.list_collection_names().await? {
                let found = database.collection::<Document>(&name).find(Document::new()).await?;
                let found: Vec<_> = found.map_ok(|one| json(Bson::Document(one))).try_collect().await?;
                documents.insert(format!("{service}.{name}"), found);
            }
        }
        Ok(Snapshot { documents, intents: intents(endpoints).await })
    }

    /// Closes the connections.
    pub async fn close(self) {
        for (_, client, _) in self.databases {
            client.shutdown().immediate(true).await;
        }
    }
}

/// BSON as JSON, with ids as text.
fn json(bson: Bson) -> Value {
    match bson {
        Bson::Binary(binary) => {
            Uuid::from_slice(&binary.bytes).map_or(Value::Null, |id| Value::String(id.to_string()))
        }
        Bson::Document(document) => {
            Value::Object(document.into_iter().map(|(name, value)| (name, json(value))).collect())
        }
        Bson::Array(values) => Value::Array(values.into_iter().map(json).collect()),
        Bson::String(text) => Value::String(text),
        Bson::Boolean(yes) => Value::Bool(yes),
        Bson::Int32(number) => number.into(),
        Bson::Int64(number) => number.into(),
        Bson::Double(number) => number.into(),
        Bson::Null => Value::Null,
        other => Value::String(other.to_string()),
    }
}
