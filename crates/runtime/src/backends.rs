//! The database and the bus. The scheme of the address chooses the adapter, which the rest of a service cannot see.

use std::sync::Arc;

use bus::{Bus, LocalBus};
use common::{Ids, SharedClock};
use store::Backend;
use store::sqlite::SqliteBackend;

use crate::config::SecretUrl;

/// The reason why a database or the bus cannot be opened; a retry does not help.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// The database's address names no adapter.
    #[error(
        "the database's address must be `sqlite:<path of a file>` or `mongodb://<server>/<database>`; correct STORE_URL"
    )]
    StoreUrl,
    /// The bus's address names no adapter.
    #[error("the bus's address must be `local:` or `nats://<server>:<port>`; correct BUS_URL")]
    BusUrl,
    /// The program was built without the adapter.
    #[error("this program was built without {0}; build it with the feature `cluster`")]
    NotBuiltIn(&'static str),
    /// The SQLite database does not open.
    #[error(transparent)]
    Sqlite(#[from] store::sqlite::SqliteOpenError),
    /// The MongoDB database does not open.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Mongodb(#[from] store::mongodb::MongoOpenError),
    /// NATS refuses the connection.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Nats(#[from] bus::jetstream::ConnectError),
}

/// Opens the database of the service `name`. Waits for a server that does not answer.
///
/// # Errors
/// The database cannot be opened, and a retry does not help.
pub async fn open_store(
    name: &'static str,
    url: &SecretUrl,
    clock: &SharedClock,
    ids: &Ids,
) -> Result<Arc<dyn Backend>, BackendError> {
    match url.expose().split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => Ok(SqliteBackend::open(path)?),
        Some(("mongodb", _)) => open_mongodb(name, url, clock, ids).await,
        _ => Err(BackendError::StoreUrl),
    }
}

/// Opens the database of the service `name` for an operator's command, while the service may be running.
///
/// # Errors
/// As [`open_store`].
pub async fn open_beside(
    name: &'static str,
    url: &SecretUrl,
    clock: &SharedClock,
    ids: &Ids,
) -> Result<Arc<dyn Backend>, BackendError> {
    match url.expose().split_once(':') {
        // Only a file has an exclusive owner; a server has any number of clients.
        Some(("sqlite", path)) if !path.is_empty() => Ok(SqliteBackend::open_beside(path)?),
        _ => open_store(name, url, clock, ids).await,
    }
}

/// The options of the bus.
#[derive(Debug, Clone, clap::Args)]
pub struct BusOptions {
    /// The bus: `nats://user:password@host:port` (several separated by commas), or `local:` for a bus inside this
    /// process, which no other process can reach.
    #[arg(long = "bus-url", env = "BUS_URL", default_value = "local:", hide_env_values = true)]
    pub url: SecretUrl,

    /// The prefix of all streams, consumers and subjects: marketplaces with different prefixes can share one NATS.
    #[arg(long = "bus-prefix", env = "BUS_PREFIX", default_value = "ticketing")]
    pub prefix: String,

    /// The number of servers of a NATS cluster that store each event: 1, 3 or 5.
    #[arg(long = "bus-replicas", env = "BUS_REPLICAS", default_value_t = 1)]
    pub replicas: usize,

    /// The bytes of each stream. A full stream refuses events, which then wait in the database of their service. NATS
    /// reserves these bytes for each of the six streams.
    #[arg(long = "bus-stream-bytes", env = "BUS_STREAM_BYTES", default_value_t = bus::DEFAULT_STREAM_BYTES,
        value_parser = clap::value_parser!(i64).range(1 << 20..))]
    pub stream_bytes: i64,
}

/// Connects the service `name` to the bus. Waits for a server that does not answer.
///
/// # Errors
/// The bus refuses the connection, and a retry does not help.
pub async fn connect_bus(
    name: &'static str,
    options: &BusOptions,
    clock: &SharedClock,
    ids: &Ids,
) -> Result<Arc<dyn Bus>, BackendError> {
    match options.url.expose().split_once(':') {
        Some(("local", "")) => Ok(Arc::new(LocalBus::new())),
        Some(("nats" | "tls", _)) => connect_nats(name, options, clock, ids).await,
        _ => Err(BackendError::BusUrl),
    }
}

#[cfg(feature = "cluster")]
async fn open_mongodb(
    name: &'static str,
    url: &SecretUrl,
    clock: &SharedClock,
    ids: &Ids,
) -> Result<Arc<dyn Backend>, BackendError> {
    let (clock, ids) = (Arc::clone(clock), ids.clone());
    Ok(store::mongodb::MongoBackend::open(url.expose(), name, clock, ids).await?)
}

#[cfg(feature = "cluster")]
async fn connect_nats(
    name: &'static str,
    options: &BusOptions,
    clock: &SharedClock,
    ids: &Ids,
) -> Result<Arc<dyn Bus>, BackendError> {
    let address = options.url.expose().parse().map_err(|_| BackendError::BusUrl)?;
    let options = bus::jetstream::Options {
        prefix: options.prefix.clone(),
        num_replicas: options.replicas,
        max_stream_bytes: options.stream_bytes,
        name: name.to_owned(),
        ..bus::jetstream::Options::default()
    };
    Ok(bus::JetStream::connect(&address, options, Arc::clone(clock), ids.clone()).await?)
}

#[cfg(not(feature = "cluster"))]
#[expect(clippy::unused_async, reason = "awaited with the feature `cluster`")]
async fn open_mongodb(
    _: &'static str,
    _: &SecretUrl,
    _: &SharedClock,
    _: &Ids,
) -> Result<Arc<dyn Backend>, BackendError> {
    Err(BackendError::NotBuiltIn("MongoDB"))
}

#[cfg(not(feature = "cluster"))]
#[expect(clippy::unused_async, reason = "awaited with the feature `cluster`")]
async fn connect_nats(
    _: &'static str,
    _: &BusOptions,
    _: &SharedClock,
    _: &Ids,
) -> Result<Arc<dyn Bus>, BackendError> {
    Err(BackendError::NotBuiltIn("NATS"))
}

#[cfg(test)]
mod tests {
    use common::SystemEntropy;
    use common::clock::SystemClock;

    use super::*;

    async fn refusals(store_url: &str, bus_url: &str) -> [String; 2] {
        let clock: SharedClock = Arc::new(SystemClock);
        let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
        let bus =
            BusOptions { url: bus_url.into(), prefix: "test".into(), replicas: 1, stream_bytes: 1 << 20 };
        let store = open_store("orders", &store_url.into(), &clock, &ids).await.err();
        let bus = connect_bus("orders", &bus, &clock, &ids).await.err();
        [store.expect("refused").to_string(), bus.expect("refused").to_string()]
    }

    #[tokio::test]
    async fn an_address_of_an_unknown_kind_is_refused_without_repeating_it() {
        for wrong in ["", "hunter2", "mysql://me:hunter2@db", "sqlite:", "local:x", "kafka://me:hunter2@bus"]
        {
            let [store, bus] = refusals(wrong, wrong).await;
            assert!(store.contains("STORE_URL") && bus.contains("BUS_URL"), "{store} {bus}");
            assert!(!store.contains("hunter2") && !bus.contains("hunter2"), "{store} {bus}");
        }
    }
}
