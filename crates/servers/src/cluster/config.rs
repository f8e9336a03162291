//! The configuration of a cluster.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Replicas of each service: two reveal a service that assumes it is the only one.
const REPLICAS: usize = 2;

/// The configuration of a cluster.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// The folder of the services' programs, such as `target/debug`.
    pub programs: PathBuf,
    /// The folder that contains `data/` and `logs/`.
    pub folder: PathBuf,
    /// The marketplace's address; port 0 is any free port.
    pub listen: SocketAddr,
    /// Processes of each service.
    pub replicas: usize,
    /// A running MongoDB server; `None` starts one.
    pub mongodb_url: Option<String>,
    /// A running NATS server; `None` starts one.
    pub nats_url: Option<String>,
    /// The prefix of all database names, so that several clusters can share a server.
    pub database_prefix: String,
    /// Environment variables of the services, added to those of this process, such as `ORDER_HOLD`.
    pub environment: Vec<(String, String)>,
}

impl ClusterConfig {
    /// Two replicas of each service on a free port, with their own MongoDB and NATS servers.
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

    pub(crate) fn auth_key_file(&self) -> PathBuf {
        self.folder.join("auth.key")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }
}
