//! The admin address: `/livez`, `/readyz`, `/metrics`. It is for the platform, not for people.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use bus::Bus;
use http::StatusCode;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use store::Store;
use tokio_util::sync::CancellationToken;

/// What readiness depends on. Cheap to clone.
#[derive(Clone)]
pub struct Health {
    needs: Arc<OnceLock<ReadinessChecks>>,
    stop: CancellationToken,
}

/// What a process that has started stands on.
pub struct ReadinessChecks {
    /// The databases, by service.
    pub stores: Vec<(&'static str, Store)>,
    /// The bus, if it has one.
    pub bus: Option<Arc<dyn Bus>>,
}

impl Health {
    /// Not ready until it [has started](Self::has_started), and not any more once `stop` is cancelled.
    pub fn starting(stop: CancellationToken) -> Self {
        Self { needs: Arc::default(), stop }
    }

    /// From now on it is ready while its databases answer.
    pub fn has_started(&self, needs: ReadinessChecks) {
        // Nobody starts twice.
        let _ = self.needs.set(needs);
    }

    /// Without the database no request can be answered. Without the bus most can: events wait in the outbox, so a
    /// replica stays ready, since taking every replica away would turn a delay into an outage, and says so.
    async fn look(&self) -> (StatusCode, String) {
        if self.stop.is_cancelled() {
            return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned());
        }
        let Some(ReadinessChecks { stores, bus }) = self.needs.get() else {
            return (StatusCode::SERVICE_UNAVAILABLE, "starting\n".to_owned());
        };
        for (service, store) in stores {
            if store.backend().check().await.is_err() {
                let words = format!("the database of {service} does not answer\n");
                return (StatusCode::SERVICE_UNAVAILABLE, words);
            }
        }
        if let Some(bus) = bus
            && bus.check().await.is_err()
        {
            return (StatusCode::OK, "ready, but the bus does not answer: events wait\n".to_owned());
        }
        (StatusCode::OK, "ready\n".to_owned())
    }
}

/// Starts collecting metrics.
///
/// # Errors
/// They are collected already.
pub fn collect_metrics() -> Result<PrometheusHandle, BuildError> {
    // Buckets rather than quantiles: they can be added up over replicas.
    let seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
    PrometheusBuilder::new().set_buckets(&seconds)?.install_recorder()
}

/// The routes of the admin address.
pub fn router(health: Health, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(async |State(health): State<Health>| health.look().await))
        .with_state(health)
        .route("/metrics", get(move || async move { metrics.render() }))
}
