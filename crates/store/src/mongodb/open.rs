//! Opening: the options of the connection, retries until the server answers, and the format of the database.

use std::time::Duration;

use common::{Backoff, SharedClock};
use metrics::gauge;
use mongodb::bson::{Document, doc};
use mongodb::error::Error;
use mongodb::event::EventHandler;
use mongodb::event::cmap::CmapEvent;
use mongodb::options::{
    Acknowledgment, ClientOptions, DatabaseOptions, ReadConcern, ReadPreference, SelectionCriteria,
    WriteConcern,
};
use mongodb::{Client, Database};
use tracing::{info, warn};

use super::calls::with_timeout;
use super::error::{MongoOpenError, is_refusal};
use crate::StoreError;

/// The format that this version writes.
const FORMAT: i64 = 1;
/// No type's collection begins with an underscore.
const FORMAT_COLLECTION: &str = "_meta";

/// Unless the address sets another limit: a replica has few cores, and the server has many replicas.
const MAX_CONNECTIONS: u32 = 32;
/// The search for a server that accepts writes.
const SELECTION_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The confirmation of a write by a majority. After this timeout the outcome of the write is unknown.
const CONFIRMATION_TIMEOUT: Duration = Duration::from_secs(8);
/// One attempt to open.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// The delays between attempts.
const RETRY_BACKOFF: Backoff = Backoff { first: Duration::from_millis(250), max: Duration::from_secs(10) };

/// Connects to a server that answers, and to a database on it that is ours.
pub(super) async fn open(url: &str, database: &str, clock: &SharedClock) -> Result<Database, MongoOpenError> {
    let options = options(url, database).await?;
    let name = options.default_database.clone().unwrap_or_else(|| database.to_owned());
    let servers = options.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let client = Client::with_options(options).map_err(|error| invalid(url, &error))?;
    let mut failures = 0_u32;
    loop {
        let cause = match with_timeout(ATTEMPT_TIMEOUT, attempt(&client, &name)).await {
            Ok(Ok((database, Some(..=FORMAT)))) => {
                info!(database = name, servers, "the database is open");
                return Ok(database);
            }
            Ok(Ok((_, Some(found)))) => {
                return Err(MongoOpenError::Newer { database: name, found, known: FORMAT });
            }
            Ok(Ok((_, None))) => return Err(MongoOpenError::Foreign { database: name }),
            Ok(Err(cause)) if is_refusal(&cause) => {
                return Err(MongoOpenError::Credentials { database: name, cause });
            }
            Ok(Err(cause)) => cause.to_string(),
            Err(StoreError::Unavailable(cause)) => cause,
            Err(unreadable) => unreadable.to_string(),
        };
        failures = failures.saturating_add(1);
        let delay = RETRY_BACKOFF.without_jitter(failures);
        warn!(
            database = name,
            servers,
            cause,
            seconds = delay.as_secs_f64(),
            "the database is unavailable; retrying"
        );
        clock.sleep(delay).await;
    }
}

/// The options of the address, completed. The address cannot change those that the guarantees of the port need.
async fn options(url: &str, database: &str) -> Result<ClientOptions, MongoOpenError> {
    let mut options = ClientOptions::parse(url).await.map_err(|error| invalid(url, &error))?;
    options.app_name.get_or_insert_with(|| database.to_owned());
    options.max_pool_size.get_or_insert(MAX_CONNECTIONS);
    options.server_selection_timeout.get_or_insert(SELECTION_TIMEOUT);
    options.connect_timeout.get_or_insert(CONNECT_TIMEOUT);
    let confirmed = WriteConcern::builder().w(Acknowledgment::Majority).journal(true);
    options.write_concern = Some(confirmed.w_timeout(CONFIRMATION_TIMEOUT).build());
    // A read that begins after a commit sees the commit: only the primary guarantees that.
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    let name = options.default_database.clone().unwrap_or_else(|| database.to_owned());
    options.cmap_event_handler = Some(EventHandler::callback(move |event| {
        let connections = gauge!("store_connections", "database" => name.clone());
        match event {
            CmapEvent::ConnectionCreated(_) => connections.increment(1.0),
            CmapEvent::ConnectionClosed(_) => connections.decrement(1.0),
            _ => {}
        }
    }));
    Ok(options)
}

/// The error of a malformed address. The driver's message may repeat a part of the password that it took for another
/// part of the address.
fn invalid(url: &str, error: &Error) -> MongoOpenError {
    let reason = if url.starts_with("mongodb+srv:") {
        "`mongodb+srv` is not supported; list the servers in a `mongodb` address".to_owned()
    } else if url.contains('@') {
        "percent-encode everything in user and password but letters and digits".to_owned()
    } else {
        error.to_string()
    };
    MongoOpenError::Address { reason }
}

/// Opens the database. Returns also its format, `None` if it belongs to another program.
async fn attempt(client: &Client, name: &str) -> Result<(Database, Option<i64>), Error> {
    let hello = client.database("admin").run_command(doc! { "hello": 1 }).await?;
    let mut options = DatabaseOptions::default();
    // With several servers, a failover must not undo what was read. A single server knows no majority.
    if hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|message| message == "isdbgrid") {
        options.read_concern = Some(ReadConcern::majority());
    }
    let database = client.database_with_options(name, options);
    let format = initialize(&database).await?;
    Ok((database, format))
}

/// The format of a database; `None` if it belongs to another program. Makes an empty database ours. Several processes may
/// do so at once: each writes the format before anything else.
async fn initialize(database: &Database) -> Result<Option<i64>, Error> {
    if let Some(format) = format(database).await? {
        return Ok(Some(format));
    }
    let others = database.list_collection_names().await?;
    if others.iter().any(|name| !name.starts_with("system.")) {
        return format(database).await;
    }
    let ours = doc! { "$setOnInsert": { "number": FORMAT } };
    let meta = database.collection::<Document>(FORMAT_COLLECTION);
    let written = meta.update_one(doc! { "_id": "format" }, ours).upsert(true).await;
    // Of two processes that write at once, one may receive a duplicate-key error.
    match format(database).await? {
        Some(format) => Ok(Some(format)),
        None => written.map(|_| Some(FORMAT)),
    }
}

async fn format(database: &Database) -> Result<Option<i64>, Error> {
    let meta = database.collection::<Document>(FORMAT_COLLECTION).find_one(doc! { "_id": "format" }).await?;
    let number = |meta: Document| {
        meta.get("number").and_then(|number| number.as_i64().or(number.as_i32().map(i64::from)))
    };
    // An unreadable number is that of a newer version, or of another program.
    Ok(meta.map(|meta| number(meta).unwrap_or(i64::MAX)))
}
