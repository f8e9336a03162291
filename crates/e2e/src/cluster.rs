//! The cluster shape: two processes of each service, behind nginx, on MongoDB and NATS.

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use servers::cluster::{self, ClusterConfig};
use tempfile::TempDir;

use crate::Place;
use crate::books::{Books, Reader, in_order};

/// A cluster in a folder of its own. Everything of it is killed when it is dropped, or when the test dies.
pub struct Cluster {
    processes: Mutex<cluster::Cluster>,
    url: String,
    stripe_url: String,
    databases: Vec<(&'static str, String)>,
    _folder: TempDir,
}

impl Cluster {
    /// Starts one in which a ticket is held for so long, such as `15m`; `change` may change the configuration.
    ///
    /// # Panics
    /// It does not start; the programs must have been built (`cargo xtask test` does).
    pub async fn start(hold: &str, change: impl FnOnce(&mut ClusterConfig)) -> Self {
        let folder = tempfile::Builder::new().prefix("cluster-").tempdir().expect("a folder");
        let mut config = ClusterConfig::new(programs(), folder.path());
        config.environment.push(("ORDER_HOLD".to_owned(), hold.to_owned()));
        change(&mut config);
        let started = tokio::task::spawn_blocking(|| cluster::Cluster::start(config)).await;
        let processes = started.expect("no panic").unwrap_or_else(|fault| panic!("no cluster: {fault}"));
        let stateful = cluster::SERVICES.iter().filter(|service| service.is_stateful);
        Self {
            url: processes.url().to_owned(),
            stripe_url: processes.stripe_url().to_owned(),
            databases: stateful.map(|one| (one.name, processes.database_url(one.name))).collect(),
            processes: Mutex::new(processes),
            _folder: folder,
        }
    }

    /// Where it is. Each time with connections of its own: they belong to the runtime that made them.
    pub fn place(&self) -> Place {
        Place::new(&self.url, &self.stripe_url)
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

    /// Everything that its databases and the card processor say now.
    ///
    /// # Panics
    /// One of them does not answer.
    pub async fn books(&self) -> Books {
        let reader = Reader::open(&self.databases).await.expect("the databases answer");
        let books = reader.read(&self.place()).await;
        reader.close().await;
        books.expect("the databases answer")
    }

    /// Waits until the books are in order, and returns them.
    ///
    /// # Panics
    /// They are not in order when `patience` ends: the message tells what is left.
    pub async fn comes_to_rest(&self, patience: Duration) -> Books {
        in_order(&self.databases, &self.place(), patience).await
    }
}

/// Where cargo puts the services' programs: above the tests, or beside them.
///
/// # Panics
/// The system does not tell where this program is.
pub fn programs() -> PathBuf {
    let here = std::env::current_exe().expect("this test");
    let folder = here.parent().expect("a folder");
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    Path::to_owned(folder)
}
