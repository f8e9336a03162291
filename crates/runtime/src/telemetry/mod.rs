//! Logging, and the export of traces.

mod export;

use std::io::IsTerminal;

use opentelemetry::trace::TracerProvider;
use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, registry};

pub use export::{TraceError, Traces};

/// The spans that are exported, of all crates. A dependency's span may contain anything.
const EXPORTED_SPANS: [&str; 6] = ["request", "publish", "consume", "start", "step", "stripe"];

/// Starts logging to standard error: plain lines on a terminal, JSON elsewhere. `LOG` filters the events, such as
/// `info` or `orders=debug,warn`; `default` is the filter without `LOG`.
pub fn init(default: &str) {
    let builder = fmt().with_env_filter(filter(default)).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        builder.compact().init();
    } else {
        builder.json().init();
    }
}

/// As [`init`], for a process that serves: exports its spans, too, if `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector. Without
/// one no layer is installed, so a span costs what its log lines cost.
///
/// # Errors
/// The settings of the exporter are unusable.
pub fn init_service(service: &'static str, default: &str) -> Result<Traces, TraceError> {
    let Some(provider) = export::provider(service)? else {
        init(default);
        return Ok(Traces::none());
    };
    let is_exported =
        |metadata: &Metadata<'_>| metadata.is_span() && EXPORTED_SPANS.contains(&metadata.name());
    let exported = filter_fn(is_exported).with_max_level_hint(LevelFilter::DEBUG);
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("ticketing"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    registry().with(lines(default)).with(spans.with_filter(exported)).init();
    common::trace::set_exported();
    Ok(Traces::of(provider))
}

fn filter(default: &str) -> EnvFilter {
    EnvFilter::try_from_env("LOG").unwrap_or_else(|_| EnvFilter::new(default))
}

/// As the lines of [`init`], with a filter of their own.
fn lines(default: &str) -> Box<dyn Layer<Registry> + Send + Sync> {
    let layer = fmt::layer().with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        layer.compact().with_filter(filter(default)).boxed()
    } else {
        layer.json().with_filter(filter(default)).boxed()
    }
}
