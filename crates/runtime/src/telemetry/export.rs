//! The export of spans by OTLP over HTTP.
//!
//! A thread of the SDK collects finished spans in a bounded queue, which drops spans when it is full, and sends them. Nothing
//! else waits for the collector.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;

/// The address of the collector, for all signals or for traces alone. The exporter reads these and other variables.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/// The timeout of one export.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// The timeout of the last export, when the process stops. With the other timeouts of a stop it stays below the 30 seconds
/// after which Kubernetes kills.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The largest reply of a collector, which has a few bytes.
const MAX_REPLY: usize = 64 << 10;

/// The settings of the exporter are unusable.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be exported: {0}; correct the variables `OTEL_EXPORTER_OTLP_…`")]
pub struct TraceError(#[from] ExporterBuildError);

/// The spans that are not exported yet.
#[must_use]
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    pub(super) const fn none() -> Self {
        Self(None)
    }

    pub(super) const fn of(provider: SdkTracerProvider) -> Self {
        Self(Some(provider))
    }

    /// Exports the rest of the spans, for a bounded time. Call this when everything else has stopped.
    pub async fn flush(self) {
        let Some(provider) = self.0 else { return };
        let flush = move || provider.shutdown_with_timeout(FLUSH_TIMEOUT);
        if !matches!(tokio::task::spawn_blocking(flush).await, Ok(Ok(()))) {
            tracing::warn!("the last spans were not exported in time");
        }
    }
}

/// The provider of spans that are exported, if the environment names a collector.
pub(super) fn provider(service: &'static str) -> Result<Option<SdkTracerProvider>, TraceError> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !ENDPOINTS.into_iter().any(is_set) {
        return Ok(None);
    }
    let exporter = SpanExporter::builder().with_http().with_http_client(ExportClient::new()).build()?;
    let resource = Resource::builder();
    let resource = if is_set("OTEL_SERVICE_NAME") { resource } else { resource.with_service_name(service) };
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build());
    Ok(Some(provider.build()))
}

/// Sends requests of the exporter's thread on the process's own runtime.
#[derive(Debug)]
struct ExportClient {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    runtime: Handle,
    /// Whether the last export has failed. One outage is one line of the log.
    failing: AtomicBool,
}

impl ExportClient {
    fn new() -> Self {
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let http = Client::builder(TokioExecutor::new()).build(connector);
        Self { http, runtime: Handle::current(), failing: AtomicBool::new(false) }
    }
}

#[async_trait]
impl HttpClient for ExportClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let exchange = async move {
            let (parts, body) = http.request(request.map(Full::from)).await?.into_parts();
            let body = Limited::new(body, MAX_REPLY).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(parts, body))
        };
        // The exporter's thread has no timer and no sockets.
        let exchange =
            self.runtime.spawn(async move { tokio::time::timeout(EXPORT_TIMEOUT, exchange).await });
        let reply = exchange
            .await
            .map_err(HttpError::from)
            .and_then(|timely| timely.map_err(HttpError::from))
            .flatten();
        let is_exported = reply.as_ref().is_ok_and(|reply| reply.status().is_success());
        if is_exported {
            self.failing.store(false, Ordering::Relaxed);
        } else if !self.failing.swap(true, Ordering::Relaxed) {
            let status = reply.as_ref().ok().map(|reply| reply.status().as_u16());
            let error = reply.as_ref().err().map(|error| common::error_chain(&**error));
            tracing::warn!(status, error, "spans cannot be exported and are dropped");
        }
        reply
    }
}
