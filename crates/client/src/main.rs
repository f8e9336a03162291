//! `client`: the web client as its own process.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use client::{Api, ServiceUrls, Settings};
use common::clock::SystemClock;
use common::http::Sessions;
use common::{Ids, SharedClock, SystemEntropy};
use runtime::admin::{self, Health, ReadinessChecks};
use runtime::{HttpOptions, RemoteKeys, ServeError, Tasks, bind, serve_behind, stop};

/// The web client: the pages of the marketplace.
#[derive(Debug, Parser)]
#[command(name = "client", version, about)]
struct Options {
    /// The address of the pages.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,

    /// The address of `/livez`, `/readyz` and `/metrics`.
    #[arg(long, env = "ADMIN_LISTEN", default_value = "127.0.0.1:9090")]
    admin_listen: SocketAddr,

    /// The options of the HTTP side.
    #[command(flatten)]
    http: HttpOptions,

    /// The URL of Stripe's script, the same as in payments.
    #[arg(long, env = "STRIPE_JS", default_value = "https://js.stripe.com/v3/")]
    stripe_js: String,

    /// The URLs of the services.
    #[command(flatten)]
    services: ServiceUrls,
}

/// The reason why the client cannot run.
#[derive(Debug, thiserror::Error)]
enum ClientError {
    /// Listening on an address failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Browsers would load Stripe's script over http.
    #[error(transparent)]
    Script(#[from] client::InsecureScript),
    /// The operating system refused a basic operation.
    #[error("the operating system refused: {0}")]
    System(#[from] std::io::Error),
    /// Metrics cannot be collected.
    #[error("metrics cannot be collected: {0}")]
    Metrics(Box<dyn std::error::Error>),
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match runtime::telemetry::init_service("client", "info") {
        Ok(traces) => {
            let result = run(options).await;
            traces.flush().await;
            runtime::report("client", result)
        }
        Err(error) => runtime::report("client", Err(error)),
    }
}

async fn run(options: Options) -> Result<(), ClientError> {
    client::check_script(options.http.public_url.as_deref(), &options.stripe_js)?;
    let asked_to_stop = stop::signal();
    let listener = bind(options.listen, "--listen").await?;
    let admin_listener = bind(options.admin_listen, "--admin-listen").await?;
    let (address, admin_address) = (listener.local_addr()?, admin_listener.local_addr()?);
    let metrics = admin::collect_metrics().map_err(|error| ClientError::Metrics(error.into()))?;
    let clock: SharedClock = Arc::new(SystemClock);
    let keys = RemoteKeys::new(options.services.jwks(), Arc::clone(&clock));
    let settings = Settings {
        ids: Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy)),
        clock: Arc::clone(&clock),
        sessions: Sessions::new(Arc::new(keys)),
        http: options.http,
        stripe_js: options.stripe_js,
    };
    let pages = client::routes(settings, Api::over_http(options.services));

    let (tasks, serving) = (Tasks::default(), Tasks::default());
    serving.spawn(serve_behind(listener, pages, serving.stop_token()));
    // Ready as soon as it listens: the client has no store, and pages render partly while services are unavailable.
    let health = Health::starting(serving.stop_token());
    health.has_started(ReadinessChecks { stores: Vec::new(), bus: None });
    admin::spawn(&tasks, admin_listener, health, metrics, clock);
    tracing::info!(%address, admin = %admin_address, "ready");

    asked_to_stop.await?;
    tracing::info!("stopping: finishing requests in flight");
    if !(serving.stop(stop::REQUESTS_TIMEOUT).await & tasks.stop(stop::WORK_TIMEOUT).await) {
        tracing::warn!("some requests did not finish in time");
    }
    Ok(())
}
