//! Serves the marketplace until it is asked to stop.

use std::path::Path;
use std::sync::Arc;

use bus::LocalBus;
use common::clock::SystemClock;
use common::{Ids, SharedClock, SystemEntropy};
use runtime::admin::{self, Health, ReadinessChecks};
use runtime::{HttpOptions, ServeError, Tasks, bind, serve, stop};
use store::sqlite::{SqliteBackend, SqliteOpenError};
use stripe_sim::Fees;

use crate::data::database;
use crate::demo::{self, DemoError};
use crate::options::ServeOptions;
use crate::welcome::Welcome;
use crate::{AssembleError, Marketplace, Parts};

/// Why the marketplace does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// An address cannot be listened on.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A service cannot start.
    #[error(transparent)]
    Assemble(#[from] AssembleError<SqliteOpenError>),
    /// The demo cannot be set up.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The system refused something that every program needs.
    #[error("the system refused: {0}")]
    System(#[from] std::io::Error),
    /// Metrics cannot be collected.
    #[error("metrics cannot be collected: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// Serves until Ctrl-C or SIGTERM, then finishes what is at work and closes the databases.
///
/// # Errors
/// It cannot start.
pub async fn run(options: &ServeOptions, folder: &Path) -> Result<(), RunError> {
    // The addresses first: whoever starts a second marketplace by mistake is told that, before anything is touched.
    let listener = bind(options.listen, "--listen").await?;
    let stripe_listener = bind(options.stripe_listen, "--stripe-listen").await?;
    let admin_listener = bind(options.admin_listen, "--admin-listen").await?;
    let metrics = admin::collect_metrics()?;

    let clock: SharedClock = Arc::new(SystemClock);
    let data = folder.to_owned();
    let parts = Parts {
        ids: Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy)),
        clock: Arc::clone(&clock),
        open: Box::new(move |name| Ok(SqliteBackend::open(database(&data, name))?)),
        bus: Arc::new(LocalBus::new()),
        auth: options.auth.clone(),
        hold: options.hold,
        http: HttpOptions {
            public_url: options.public_url.clone(),
            trusted_proxies: options.trusted_proxies.clone(),
        },
        address: listener.local_addr()?,
        stripe_address: stripe_listener.local_addr()?,
        fees: Fees::default(),
    };
    let welcome = Welcome {
        address: parts.address,
        stripe: parts.stripe_address,
        admin: admin_listener.local_addr()?,
        hold: options.hold,
        demo: options.demo,
    };
    let tasks = Tasks::default();
    let marketplace = Marketplace::assemble(parts, &tasks).await?;
    if options.demo {
        demo::set_up(&marketplace.router, clock.now()).await?;
    }

    let serving = Tasks::default();
    tasks.spawn(serve(stripe_listener, marketplace.stripe.router(), tasks.stop_token()));
    serving.spawn(serve(listener, marketplace.router.clone(), serving.stop_token()));
    let health = Health::starting(serving.stop_token());
    health.has_started(ReadinessChecks { stores: marketplace.stores.clone(), bus: None });
    tasks.spawn(serve(admin_listener, admin::router(health, metrics), tasks.stop_token()));
    let asked_to_stop = stop::signal();
    welcome.print(folder);

    asked_to_stop.await?;
    eprintln!("Stopping: finishing what is at work.");
    // Requests first, so that what they need is still there and what they commit is still published.
    let in_time = serving.stop(stop::REQUESTS_TIMEOUT).await & tasks.stop(stop::WORK_TIMEOUT).await;
    if !in_time {
        tracing::warn!("some work did not finish in time; it goes on at the next start");
    }
    marketplace.close().await;
    Ok(())
}
