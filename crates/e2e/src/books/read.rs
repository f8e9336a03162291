//! Reads all databases and the card processor, as an operator would.

use std::collections::HashMap;

use futures::TryStreamExt;
use mongodb::bson::{Bson, Document};
use mongodb::{Client, Database};
use serde_json::Value;
use uuid::Uuid;

use super::Books;
use crate::Place;
use crate::audit::intents;

/// The databases do not answer.
pub type ReadError = mongodb::error::Error;

/// Connections to the databases of all services.
pub struct Reader {
    databases: Vec<(&'static str, Client, Database)>,
}

impl Reader {
    /// Connects to each service's database by its address.
    ///
    /// # Errors
    /// An address is wrong.
    pub async fn open(addresses: &[(&'static str, String)]) -> Result<Self, ReadError> {
        let mut databases = Vec::new();
        for (service, url) in addresses {
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
    pub async fn read(&self, place: &Place) -> Result<Books, ReadError> {
        let mut documents = HashMap::new();
        for (service, _, database) in &self.databases {
            for name in database.list_collection_names().await? {
                let found = database.collection::<Document>(&name).find(Document::new()).await?;
                let found: Vec<_> = found.map_ok(|one| json(Bson::Document(one))).try_collect().await?;
                documents.insert(format!("{service}.{name}"), found);
            }
        }
        Ok(Books { documents, intents: intents(place).await })
    }

    /// Closes the connections.
    pub async fn close(self) {
        for (_, client, _) in self.databases {
            client.shutdown().immediate(true).await;
        }
    }
}

/// BSON as JSON, with ids as texts.
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
