//! The cluster shape: two processes of each service, behind nginx, on MongoDB and NATS.

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use servers::cluster::{self, ClusterConfig};
use tempfile::TempDir;

use crate::Endpoints;
use crate::invariants::wait_until_consistent;
use crate::snapshot::{Snapshot, SnapshotReader};

/// A cluster in a folder of its own. Its processes are killed when it is dropped, or when the test crashes.
pub struct Cluster {
    processes: Mutex<cluster::Cluster>,
    url: String,
    stripe_url: String,
    databases: Vec<(&'static str, String)>,
    _folder: TempDir,
}

impl Cluster {
    /// Starts a cluster in which a ticket is held for `hold`, such as `15m`; `change` may change the configuration.
    ///
    /// # Panics
    /// A process does not start. The programs must have been built (`cargo xtask test` does).
    pub async fn start(hold: &str, change: impl FnOnce(&mut ClusterConfig)) -> Self {
        let folder = tempfile::Builder::new().prefix("cluster-").tempdir().expect("a folder");
        let mut config = ClusterConfig::new(programs(), folder.path());
        config.environment.push(("ORDER_HOLD".to_owned(), hold.to_owned()));
        // One person of a test does the work of many.
        for limit in ["MAX_WRITES", "MAX_SIGN_UPS", "MAX_STREAMS"] {
            config.environment.push((limit.to_owned(), "0".to_owned()));
        }
        change(&mut config);
        let started = tokio::task::spawn_blocking(|| cluster::Cluster::start(config)).await;
        let processes = started.expect("no panic").unwrap_or_else(|error| panic!("no cluster: {error}"));
        let stateful = cluster::SERVICES.iter().filter(|service| service.is_stateful);
        Self {
            url: processes.url().to_owned(),
            stripe_url: processes.stripe_url().to_owned(),
            databases: stateful.map(|one| (one.name, processes.database_url(one.name))).collect(),
            processes: Mutex::new(processes),
            _folder: folder,
        }
    }

    /// Its endpoints. Each time with connections of their own: connections belong to the runtime that made them.
    pub fn endpoints(&self) -> Endpoints {
        Endpoints::new(&self.url, &self.stripe_url)
    }

    /// Its processes, to kill, pause and restart.
    pub fn processes(&self) -> MutexGuard<'_, cluster::Cluster> {
        self.processes.lock()
    }

    /// The database of a service.
    ///
    /// # Panics
    /// The service has none.
    pub fn database_url(&self, service: &str) -> &str {
        let found = self.databases.iter().find(|(name, _)| *name == service);
        &found.expect("the service has a database").1
    }

    /// A snapshot of now.
    ///
    /// # Panics
    /// A database or the simulator does not answer.
    pub async fn snapshot(&self) -> Snapshot {
        let reader = SnapshotReader::open(&self.databases).await.expect("the databases answer");
        let snapshot = reader.read(&self.endpoints()).await;
        reader.close().await;
        snapshot.expect("the databases answer")
    }

    /// Polls until a snapshot has no violation, and returns that snapshot.
    ///
    /// # Panics
    /// Violations are left after `timeout`.
    pub async fn wait_until_consistent(&self, timeout: Duration) -> Snapshot {
        wait_until_consistent(&self.databases, &self.endpoints(), timeout).await
    }
}

/// The folder of the services' programs: cargo puts them above the tests, or beside them.
///
/// # Panics
/// The system does not name this program.
pub fn programs() -> PathBuf {
    let here = std::env::current_exe().expect("this test");
    let folder = here.parent().expect("a folder");
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    Path::to_owned(folder)
}
