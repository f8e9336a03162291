//! What a cluster shall be like.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// How many processes each service has: enough to notice one that believes itself alone.
const REPLICAS: usize = 2;

/// What a cluster shall be like.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The folder of the services' programs, such as `target/debug`.
    pub programs: PathBuf,
    /// Keeps the data in `data/` and what is printed in `logs/`.
    pub folder: PathBuf,
    /// Where the marketplace shall be; port 0 is a free one.
    pub listen: SocketAddr,
    /// How many processes each service has.
    pub replicas: usize,
    /// A MongoDB server that runs already; without one it is started.
    pub mongodb_url: Option<String>,
    /// A NATS server that runs already; without one it is started.
    pub nats_url: Option<String>,
    /// What every database's name begins with, so that several clusters can share a server.
    pub database_prefix: String,
    /// What the services find in their environment beside what is there already, such as `ORDER_HOLD`.
    pub environment: Vec<(String, String)>,
}

impl Plan {
    /// Two replicas of each service on a free port, with servers of its own.
    pub fn new(programs: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        Self {
            programs: programs.into(),
            folder: folder.into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            replicas: REPLICAS,
            mongodb_url: None,
            nats_url: None,
            database_prefix: String::new(),
            environment: Vec::new(),
        }
    }

    pub(crate) fn database(&self, service: &str) -> String {
        format!("{}{service}", self.database_prefix)
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.folder.join("data").join(name)
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }
}
