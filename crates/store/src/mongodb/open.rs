//! Opening: what the address says, what is asked for besides, and waiting until the server is there.

use std::time::Duration;

use common::SharedClock;
use metrics::gauge;
use mongodb::bson::doc;
use mongodb::error::Error;
use mongodb::event::EventHandler;
use mongodb::event::cmap::CmapEvent;
use mongodb::options::{
    Acknowledgment, ClientOptions, DatabaseOptions, ReadConcern, ReadPreference, SelectionCriteria,
    WriteConcern,
};
use mongodb::{Client, Database};
use tracing::{info, warn};

use super::OpenError;
use super::calls::timely;
use super::error::is_refusal;
use super::format::{self, FORMAT, Owner};
use crate::StoreError;

/// How many connections are open at most, unless the address says otherwise: a replica has few cores, and the server
/// has many replicas.
const MOST_CONNECTIONS: u32 = 32;
/// How long to look for a server that takes writes before a call fails.
const SELECTION: Duration = Duration::from_secs(3);
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a majority may take to confirm a write. It comes late, then: whether it happened is unknown.
const CONFIRM: Duration = Duration::from_secs(8);
/// How long one attempt to open may take.
const ATTEMPT: Duration = Duration::from_secs(10);
/// The pauses between attempts double from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A server that has answered, and a database on it that is ours.
pub(super) async fn open(url: &str, database: &str, clock: &SharedClock) -> Result<Database, OpenError> {
    let options = options(url, database).await?;
    let name = options.default_database.clone().unwrap_or_else(|| database.to_owned());
    let servers = options.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let client = Client::with_options(options).map_err(|error| invalid(url, &error))?;
    let mut pause = FIRST_PAUSE;
    loop {
        let cause = match timely(ATTEMPT, attempt(&client, &name)).await {
            Ok(Ok((database, Owner::Us))) => {
                info!(database = name, servers, "the database is open");
                return Ok(database);
            }
            Ok(Ok((_, Owner::Newer(found)))) => {
                return Err(OpenError::Newer { database: name, found, known: FORMAT });
            }
            Ok(Ok((_, Owner::SomebodyElse))) => return Err(OpenError::Foreign { database: name }),
            Ok(Err(cause)) if is_refusal(&cause) => {
                return Err(OpenError::Credentials { database: name, cause });
            }
            Ok(Err(cause)) => cause.to_string(),
            Err(StoreError::Unavailable(cause)) => cause,
            Err(unreadable) => unreadable.to_string(),
        };
        warn!(
            database = name,
            servers,
            cause,
            seconds = pause.as_secs_f64(),
            "the database does not answer; trying again"
        );
        clock.sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What the address says, completed. Everything that the promises of the port need is set whatever it says.
async fn options(url: &str, database: &str) -> Result<ClientOptions, OpenError> {
    let mut options = ClientOptions::parse(url).await.map_err(|error| invalid(url, &error))?;
    options.app_name.get_or_insert_with(|| database.to_owned());
    options.max_pool_size.get_or_insert(MOST_CONNECTIONS);
    options.server_selection_timeout.get_or_insert(SELECTION);
    options.connect_timeout.get_or_insert(CONNECT);
    let confirmed = WriteConcern::builder().w(Acknowledgment::Majority).journal(true).w_timeout(CONFIRM);
    options.write_concern = Some(confirmed.build());
    // A read that begins after a commit sees it: only the primary can promise that.
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

/// The driver may repeat a part of the address that it took for something else than the password that it is.
fn invalid(url: &str, error: &Error) -> OpenError {
    let reason = if url.starts_with("mongodb+srv:") {
        "`mongodb+srv` is not supported; list the servers in a `mongodb` address".to_owned()
    } else if url.contains('@') {
        "see that everything in it but letters and digits of user and password is percent-encoded".to_owned()
    } else {
        error.to_string()
    };
    OpenError::Address { reason }
}

async fn attempt(client: &Client, name: &str) -> Result<(Database, Owner), Error> {
    let hello = client.database("admin").run_command(doc! { "hello": 1 }).await?;
    let mut options = DatabaseOptions::default();
    // Where there are several servers, what was read must not be undone by a failover. A single one knows no majority.
    if hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|message| message == "isdbgrid") {
        options.read_concern = Some(ReadConcern::majority());
    }
    let database = client.database_with_options(name, options);
    let owner = format::claim(&database).await?;
    Ok((database, owner))
}
