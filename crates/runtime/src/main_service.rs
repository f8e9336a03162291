//! The main of a service that runs as a process of its own.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use bus::Bus;
use bus::local::LocalBus;
use clap::Args;
use common::clock::SystemClock;
use common::http::Sessions;
use common::http::session::VerifyingKeys;
use common::{Ids, SharedClock, SystemEntropy};
use store::sqlite::{OpenError, SqliteBackend};
use store::{Backend, Store, StoreError};

use crate::{
    HttpOptions, Kit, RemoteKeys, ServeError, Service, Subscribed, Tasks, admin, bind, config, serve, stop,
};

/// What every service can be told.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The address of the API.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// The address of `/livez`, `/readyz` and `/metrics`.
    #[arg(long, env = "ADMIN_LISTEN", default_value = "127.0.0.1:9090")]
    pub admin_listen: SocketAddr,

    /// The database: `sqlite:<path of a file>`.
    #[arg(long, env = "STORE_URL", value_parser = config::store_url)]
    pub store_url: PathBuf,

    /// The bus: `local:`, which ends at this process, so that the service hears nobody and nobody hears it.
    #[arg(long, env = "BUS_URL", default_value = "local:", value_parser = config::bus_url)]
    pub bus_url: (),

    /// Where auth publishes its public keys.
    #[arg(long, env = "JWKS_URL", default_value = "http://127.0.0.1:3000/api/users/jwks.json")]
    pub jwks_url: String,

    /// The address that people type, such as `https://tickets.example`; behind https cookies are `Secure`.
    #[arg(long, env = "PUBLIC_URL", value_parser = config::public_url)]
    pub public_url: Option<String>,

    /// A proxy whose forwarded headers count; may be given several times.
    #[arg(long = "trusted-proxy", env = "TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpAddr>,
}

/// A service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// An address cannot be listened on.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The database does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The service does not start.
    #[error(transparent)]
    Start(Box<dyn std::error::Error + Send + Sync>),
    /// The system refused something that every program needs.
    #[error("the system refused: {0}")]
    System(#[from] std::io::Error),
    /// Metrics cannot be collected.
    #[error("metrics cannot be collected: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// A service and, if it is auth, the keys that it verifies sessions with.
pub type Made = (Service, Option<Arc<dyn VerifyingKeys>>);

/// Runs one service until Ctrl-C or SIGTERM.
///
/// # Errors
/// It cannot start.
pub async fn run_service(
    common: Common,
    make: impl AsyncFnOnce(&Kit) -> Result<Made, Box<dyn std::error::Error + Send + Sync>>,
) -> Result<(), ServiceError> {
    let listener = bind(common.listen, "--listen").await?;
    let admin_listener = bind(common.admin_listen, "--admin-listen").await?;
    let metrics = admin::collect_metrics()?;
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let backend: Arc<dyn Backend> = SqliteBackend::open(&common.store_url)?;
    let store = Store::new(Arc::clone(&backend), Arc::clone(&clock), ids.clone());
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::new());
    let kit = Kit { store: store.clone(), clock: Arc::clone(&clock), ids, bus };
    let (service, keys) = make(&kit).await.map_err(ServiceError::Start)?;
    let name = service.name;
    let keys = keys.unwrap_or_else(|| Arc::new(RemoteKeys::new(common.jwks_url, clock)));

    let (tasks, serving) = (Tasks::default(), Tasks::default());
    let options = HttpOptions { public_url: common.public_url, trusted_proxies: common.trusted_proxies };
    let running = Subscribed::new(service, &kit, Sessions::new(keys), &options).await?.start(&tasks);
    serving.spawn(serve(listener, running.router, serving.stop_token()));
    let health = admin::Health { stores: Arc::new(vec![(name, store)]), stop: serving.stop_token() };
    tasks.spawn(serve(admin_listener, admin::router(health, metrics), tasks.stop_token()));
    let asked_to_stop = stop::asked();
    tracing::info!(service = name, address = %common.listen, "ready");

    asked_to_stop.await?;
    tracing::info!(service = name, "stopping: finishing what is at work");
    if !(serving.stop().await & tasks.stop().await) {
        tracing::warn!("some work did not finish in time; it goes on at the next start");
    }
    backend.close().await;
    Ok(())
}

/// Ends a program: a failure as one sentence, and with a status that is not zero.
pub fn report<E: std::error::Error>(program: &str, result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
    }
}
