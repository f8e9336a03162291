//! The `main` of every service: runs the service until the stop, or one command of its operator.

use std::error::Error;
use std::fmt::Display;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use bus::LocalBus;
use common::clock::SystemClock;
use common::http::Sessions;
use common::{Ids, SharedClock, SystemEntropy};
use store::{Store, StoreError, Verifier};

use crate::admin::{self, Health, ReadinessChecks};
use crate::backends::{BackendError, connect_bus, open_beside, open_store};
use crate::config::SecretUrl;
use crate::{
    Recovery, RemoteKeys, ServeError, Service, ServiceArgs, ServiceContext, ServiceStore, SubscribedService,
    Tasks, bind, serve_behind, stop, telemetry,
};

/// Any error that ends a program.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A command of the operator that runs beside the service's processes, or without them.
pub trait AdminTask {
    /// The least severe log level that is printed.
    fn log_level(&self) -> &'static str {
        "warn"
    }

    /// Whether the service must be stopped. SQLite enforces that; with MongoDB the operator does.
    fn is_exclusive(&self) -> bool {
        false
    }

    /// Performs the command on the database of this service. `build` builds the service, without running it.
    fn run(
        self,
        service: &ServiceStore,
        context: &ServiceContext,
        build: impl AsyncFnOnce(&ServiceContext) -> Result<Service, BoxError>,
    ) -> impl Future<Output = Result<(), BoxError>>;
}

/// Runs the operator's command if there is one, else the service `name`, until Ctrl-C or SIGTERM. `documents` are the
/// service's own collections.
pub async fn service_main(
    name: &'static str,
    documents: &'static [Verifier],
    recovery: &'static Recovery,
    args: ServiceArgs,
    command: Option<impl AdminTask>,
    build: impl AsyncFnOnce(&ServiceContext) -> Result<Service, BoxError>,
) -> ExitCode {
    if let Some(command) = command {
        telemetry::init(command.log_level());
        let done = run_admin_task(name, documents, recovery, &args.store_url, command, build).await;
        return report(name, done);
    }
    match telemetry::init_service(name, "info") {
        Ok(traces) => {
            let result = run_service(name, args, build).await;
            traces.flush().await;
            report(name, result)
        }
        Err(error) => report(name, Err(error)),
    }
}

/// Ends a program: an error becomes one sentence on standard error and a status other than 0.
pub fn report<E: Display>(program: &str, result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Events that the command publishes stay in the outbox; the running service publishes them.
async fn run_admin_task(
    name: &'static str,
    documents: &'static [Verifier],
    recovery: &'static Recovery,
    url: &SecretUrl,
    task: impl AdminTask,
    build: impl AsyncFnOnce(&ServiceContext) -> Result<Service, BoxError>,
) -> Result<(), BoxError> {
    let (clock, ids) = clock_and_ids();
    let backend = if task.is_exclusive() {
        open_store(name, url, &clock, &ids).await?
    } else {
        open_beside(name, url, &clock, &ids).await?
    };
    let store = Store::new(backend, Arc::clone(&clock), ids.clone());
    let (bus, tasks) = (Arc::new(LocalBus::new()), Tasks::default());
    let context = ServiceContext { store, clock, ids, bus, tasks };
    let service = ServiceStore { name, store: context.store.clone(), documents, recovery };
    let done = task.run(&service, &context, build).await;
    context.store.backend().close().await;
    done
}

fn clock_and_ids() -> (SharedClock, Ids) {
    let clock: SharedClock = Arc::new(SystemClock);
    (Arc::clone(&clock), Ids::new(clock, Arc::new(SystemEntropy)))
}

/// The reason why a service cannot start.
#[derive(Debug, thiserror::Error)]
enum ServiceError {
    /// An address cannot be listened on.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The database or the bus cannot be opened.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The service cannot be built.
    #[error(transparent)]
    Build(BoxError),
    /// The system refused something that every program needs.
    #[error("the system refused: {0}")]
    System(#[from] std::io::Error),
    /// Metrics cannot be collected.
    #[error("metrics cannot be collected: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// While the database or the bus does not answer, the process waits, alive and not ready.
async fn run_service(
    name: &'static str,
    args: ServiceArgs,
    build: impl AsyncFnOnce(&ServiceContext) -> Result<Service, BoxError>,
) -> Result<(), ServiceError> {
    let stop_signal = stop::signal();
    let listener = bind(args.listen, "--listen").await?;
    let admin_listener = bind(args.admin_listen, "--admin-listen").await?;
    let metrics = admin::collect_metrics()?;
    let (serving, admin) = (Tasks::default(), Tasks::default());
    let health = Health::starting(serving.stop_token());
    let admin_address = admin_listener.local_addr()?;
    admin::spawn(&admin, admin_listener, health.clone(), metrics, Arc::new(SystemClock));

    let mut stop_signal = pin!(stop_signal);
    let started = tokio::select! {
        started = start(name, &args, build) => started?,
        received = &mut stop_signal => return Ok(received?),
    };
    let address = listener.local_addr()?;
    serving.spawn(serve_behind(listener, started.router.clone(), serving.stop_token()));
    health.has_started(ReadinessChecks {
        stores: vec![(name, started.context.store.clone())],
        bus: Some(Arc::clone(&started.context.bus)),
    });
    tracing::info!(service = name, %address, admin = %admin_address, "ready");

    stop_signal.await?;
    tracing::info!(service = name, "stopping: finishing requests and events in progress");
    let in_time = serving.stop(stop::REQUESTS_TIMEOUT).await & started.stop().await;
    if !in_time {
        tracing::warn!("some work exceeded the stop timeout; another process, or the next start, resumes it");
    }
    admin.stop(stop::WORK_TIMEOUT).await;
    Ok(())
}

/// A running service.
struct Started {
    context: ServiceContext,
    router: Router,
    tasks: Tasks,
    relays: Tasks,
}

async fn start(
    name: &'static str,
    args: &ServiceArgs,
    build: impl AsyncFnOnce(&ServiceContext) -> Result<Service, BoxError>,
) -> Result<Started, ServiceError> {
    let (clock, ids) = clock_and_ids();
    let backend = open_store(name, &args.store_url, &clock, &ids).await?;
    let store = Store::new(backend, Arc::clone(&clock), ids.clone());
    let bus = connect_bus(name, &args.bus, &clock, &ids).await?;
    let (tasks, relays) = (Tasks::default(), Tasks::default());
    let context = ServiceContext { store, clock, ids, bus, tasks: tasks.clone() };
    let service = build(&context).await.map_err(ServiceError::Build)?;
    let remote = || Arc::new(RemoteKeys::new(args.jwks_url.clone(), Arc::clone(&context.clock)));
    let sessions = Sessions::new(service.verifying_keys.clone().unwrap_or_else(|| remote()));
    let running =
        SubscribedService::new(service, &context, sessions, &args.http).await?.start(&tasks, &relays);
    Ok(Started { router: running.router, context, tasks, relays })
}

impl Started {
    /// Finishes the events and steps in progress, then publishes their events. Returns whether all of it was in time.
    async fn stop(self) -> bool {
        let in_time = self.tasks.stop(stop::WORK_TIMEOUT).await & self.relays.stop(stop::RELAY_TIMEOUT).await;
        self.context.bus.close().await;
        self.context.store.backend().close().await;
        in_time
    }
}
