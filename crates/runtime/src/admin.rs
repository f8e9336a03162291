//! The admin address: `/livez`, `/readyz`, `/metrics`. It is for the platform, not for people.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::StatusCode;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use store::Store;
use tokio_util::sync::CancellationToken;

/// What readiness depends on.
#[derive(Clone)]
pub struct Health {
    /// The databases, by service.
    pub stores: Arc<Vec<(&'static str, Store)>>,
    /// Cancelled once the process stops: then it is not ready any more.
    pub stop: CancellationToken,
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
        .route("/readyz", get(ready))
        .with_state(health)
        .route("/metrics", get(move || async move { metrics.render() }))
}

async fn ready(State(health): State<Health>) -> impl IntoResponse {
    if health.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned());
    }
    for (service, store) in health.stores.iter() {
        if store.backend().check().await.is_err() {
            return (StatusCode::SERVICE_UNAVAILABLE, format!("the database of {service} does not answer\n"));
        }
    }
    (StatusCode::OK, "ready\n".to_owned())
}
