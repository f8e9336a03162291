//! The main of a service that runs as a process of its own.

use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use clap::Args;
use common::clock::SystemClock;
use common::http::Sessions;
use common::http::session::VerifyingKeys;
use common::{Ids, SharedClock, SystemEntropy};
use ipnet::IpNet;
use store::{Store, StoreError};

use crate::admin::{self, Health, ReadinessChecks};
use crate::backends::{BackendError, BusOptions, connect_bus, open_store};
use crate::config::{self, SecretUrl};
use crate::{
    HttpOptions, RemoteKeys, ServeError, Service, ServiceContext, Subscribed, Tasks, bind, serve,
    serve_behind, stop,
};

/// What every service can be told.
#[derive(Debug, Clone, Args)]
pub struct ServiceArgs {
    /// The address of the API.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// The address of `/livez`, `/readyz` and `/metrics`.
    #[arg(long, env = "ADMIN_LISTEN", default_value = "127.0.0.1:9090")]
    pub admin_listen: SocketAddr,

    /// The database: `mongodb://user:password@host:port/database` (a database of the service's name if none is named),
    /// or `sqlite:<path of a file>`, which one process has for itself.
    #[arg(long, env = "STORE_URL", hide_env_values = true)]
    pub store_url: SecretUrl,

    /// The bus.
    #[command(flatten)]
    pub bus: BusOptions,

    /// Where auth publishes its public keys.
    #[arg(long, env = "JWKS_URL", default_value = "http://127.0.0.1:3000/api/users/jwks.json")]
    pub jwks_url: String,

    /// The address that people type, such as `https://tickets.example`; behind https cookies are `Secure`.
    #[arg(long, env = "PUBLIC_URL", value_parser = config::public_url)]
    pub public_url: Option<String>,

    /// A proxy whose forwarded headers count, or a network of such, as `10.244.0.0/16`; may be given several times.
    #[arg(
        long = "trusted-proxy",
        env = "TRUSTED_PROXIES",
        value_delimiter = ',',
        value_parser = config::network
    )]
    pub trusted_proxies: Vec<IpNet>,
}

/// A service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// An address cannot be listened on.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The database or the bus cannot be opened.
    #[error(transparent)]
    Backend(#[from] BackendError),
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
pub type BuiltService = (Service, Option<Arc<dyn VerifyingKeys>>);

/// Runs the service `name` until Ctrl-C or SIGTERM. While its servers do not answer it waits, alive and not ready.
///
/// # Errors
/// It cannot start, and waiting would not help.
pub async fn run_service(
    name: &'static str,
    common: ServiceArgs,
    make: impl AsyncFnOnce(&ServiceContext) -> Result<BuiltService, Box<dyn std::error::Error + Send + Sync>>,
) -> Result<(), ServiceError> {
    let asked_to_stop = stop::asked();
    let listener = bind(common.listen, "--listen").await?;
    let admin_listener = bind(common.admin_listen, "--admin-listen").await?;
    let metrics = admin::collect_metrics()?;
    let (serving, admin) = (Tasks::default(), Tasks::default());
    let health = Health::starting(serving.stop_token());
    let admin_address = admin_listener.local_addr()?;
    admin.spawn(serve(admin_listener, admin::router(health.clone(), metrics), admin.stop_token()));

    let mut asked_to_stop = pin!(asked_to_stop);
    let started = tokio::select! {
        started = start(name, &common, make) => started?,
        asked = &mut asked_to_stop => return Ok(asked?),
    };
    let address = listener.local_addr()?;
    serving.spawn(serve_behind(listener, started.router.clone(), serving.stop_token()));
    health.has_started(ReadinessChecks {
        stores: vec![(name, started.context.store.clone())],
        bus: Some(Arc::clone(&started.context.bus)),
    });
    tracing::info!(service = name, %address, admin = %admin_address, "ready");

    asked_to_stop.await?;
    tracing::info!(service = name, "stopping: finishing what is at work");
    let in_time = serving.stop(stop::REQUESTS).await & started.stop().await;
    if !in_time {
        tracing::warn!(
            "some work did not finish in time; it goes on at the next start or in another process"
        );
    }
    admin.stop(stop::WORK).await;
    Ok(())
}

/// A service at work.
struct Started {
    context: ServiceContext,
    router: Router,
    tasks: Tasks,
    relays: Tasks,
}

async fn start(
    name: &'static str,
    common: &ServiceArgs,
    make: impl AsyncFnOnce(&ServiceContext) -> Result<BuiltService, Box<dyn std::error::Error + Send + Sync>>,
) -> Result<Started, ServiceError> {
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let backend = open_store(name, &common.store_url, &clock, &ids).await?;
    let store = Store::new(backend, Arc::clone(&clock), ids.clone());
    let bus = connect_bus(name, &common.bus, &clock, &ids).await?;
    let context = ServiceContext { store, clock, ids, bus };
    let (service, keys) = make(&context).await.map_err(ServiceError::Start)?;
    let remote = || Arc::new(RemoteKeys::new(common.jwks_url.clone(), Arc::clone(&context.clock)));
    let sessions = Sessions::new(keys.unwrap_or_else(|| remote()));
    let options = HttpOptions {
        public_url: common.public_url.clone(),
        trusted_proxies: common.trusted_proxies.clone(),
    };
    let (tasks, relays) = (Tasks::default(), Tasks::default());
    let running = Subscribed::new(service, &context, sessions, &options).await?.start(&tasks, &relays);
    Ok(Started { router: running.router, context, tasks, relays })
}

impl Started {
    /// Finishes the events and steps at hand, then hands over what they announced; whether all of it was in time.
    async fn stop(self) -> bool {
        let in_time = self.tasks.stop(stop::WORK).await & self.relays.stop(stop::RELAY).await;
        self.context.bus.close().await;
        self.context.store.backend().close().await;
        in_time
    }
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
