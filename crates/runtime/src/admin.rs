//! The admin address: `/livez`, `/readyz` and `/metrics`, for the platform only.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use bus::Bus;
use common::SharedClock;
use http::StatusCode;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Tasks, serve};

/// The readiness of a process. Cheap to clone.
#[derive(Clone)]
pub struct Health {
    checks: Arc<OnceLock<ReadinessChecks>>,
    stop: CancellationToken,
}

/// The dependencies that a started process checks.
pub struct ReadinessChecks {
    /// The databases, by service.
    pub stores: Vec<(&'static str, Store)>,
    /// The bus, if the process uses one.
    pub bus: Option<Arc<dyn Bus>>,
}

impl Health {
    /// Not ready before [`Self::has_started`], nor after `stop` is cancelled.
    pub fn starting(stop: CancellationToken) -> Self {
        Self { checks: Arc::default(), stop }
    }

    /// Makes the process ready for as long as its databases answer.
    pub fn has_started(&self, checks: ReadinessChecks) {
        // A process starts once.
        let _ = self.checks.set(checks);
    }

    /// Without its database a replica is not ready. Without the bus the replica stays ready and reports the bus: events
    /// wait in the outbox, and removing every replica would turn that delay into an outage.
    async fn check(&self) -> (StatusCode, String) {
        if self.stop.is_cancelled() {
            return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned());
        }
        let Some(ReadinessChecks { stores, bus }) = self.checks.get() else {
            return (StatusCode::SERVICE_UNAVAILABLE, "starting\n".to_owned());
        };
        for (service, store) in stores {
            if store.backend().check().await.is_err() {
                let reason = format!("the database of {service} does not answer\n");
                return (StatusCode::SERVICE_UNAVAILABLE, reason);
            }
        }
        if let Some(bus) = bus
            && bus.check().await.is_err()
        {
            return (StatusCode::OK, "ready, but the bus does not answer: events wait\n".to_owned());
        }
        // The keys of former releases work as before, so the replica is ready.
        if let Some(collection) = stores.iter().find_map(|(_, store)| store.upgrading()) {
            return (StatusCode::OK, format!("ready; documents of `{collection}` are upgraded\n"));
        }
        (StatusCode::OK, "ready\n".to_owned())
    }
}

/// Starts collecting metrics.
///
/// # Errors
/// Metrics are collected already.
pub fn collect_metrics() -> Result<PrometheusHandle, BuildError> {
    // Buckets rather than quantiles, because buckets can be summed over replicas.
    let seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
    // A buyer may take as long as a ticket is held.
    let stages = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];
    PrometheusBuilder::new()
        .set_buckets(&seconds)?
        .set_buckets_for_metric(Matcher::Full("purchase_stage_seconds".to_owned()), &stages)?
        .install_recorder()
}

/// Between two compactions of the samples of histograms.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Serves the admin address in `tasks`, and compacts the samples of histograms: until then each sample takes memory, also
/// if nothing scrapes the process.
pub fn spawn(
    tasks: &Tasks,
    listener: TcpListener,
    health: Health,
    metrics: PrometheusHandle,
    clock: SharedClock,
) {
    let (stop, compacted) = (tasks.stop_token(), metrics.clone());
    tasks.spawn(async move {
        while stop.run_until_cancelled(clock.sleep(UPKEEP_INTERVAL)).await.is_some() {
            compacted.run_upkeep();
        }
    });
    tasks.spawn(serve(listener, router(health, metrics), tasks.stop_token()));
}

/// The routes of the admin address.
fn router(health: Health, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(async |State(health): State<Health>| health.check().await))
        .with_state(health)
        .route("/metrics", get(move || async move { metrics.render() }))
}
