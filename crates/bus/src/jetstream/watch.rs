//! Periodic measurements: the lag of a durable consumer, the usage of a stream, and their configurations.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::context::GetStreamErrorKind;
use metrics::gauge;
use tracing::{debug, warn};

use super::connect::ensure_stream;
use super::connection::Connection;
use super::pull_consumer::{PullConsumer, PullError};
use super::settings::Stream;

const MEASURE_INTERVAL: Duration = Duration::from_secs(10);

impl PullConsumer {
    /// Sets the gauges of the durable consumer: `bus_consumer_lag`, its unfinished events, and
    /// `bus_consumer_ack_pending`, those of them that are delivered and not acknowledged. Every process of the service
    /// reports the same numbers. Returns when the consumer must be ensured anew.
    pub(super) async fn watch(&self) -> PullError {
        let Connection { context, settings, clock, .. } = &*self.connection;
        let (consumer, stream_name) = (self.consumer, settings.stream_name(self.stream));
        loop {
            clock.sleep(MEASURE_INTERVAL).await;
            if let Err(error @ PullError::Distrusted(_)) = self.check_stream().await {
                return error;
            }
            let found = context.get_consumer_from_stream::<pull::Config, _, _>(consumer, &stream_name).await;
            match found {
                #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
                Ok(found) => {
                    let info = found.cached_info();
                    let (ack_pending, stream) = (info.num_ack_pending as f64, self.stream.name());
                    gauge!("bus_consumer_lag", "consumer" => consumer, "stream" => stream)
                        .set(info.num_pending as f64 + ack_pending);
                    gauge!("bus_consumer_ack_pending", "consumer" => consumer, "stream" => stream)
                        .set(ack_pending);
                    let filter: BTreeSet<_> = info.config.filter_subjects.iter().cloned().collect();
                    if !filter.is_superset(&self.filter()) {
                        return PullError::Narrowed;
                    }
                }
                // `bus_connected` shows the cause.
                Err(error) => debug!(consumer, stream_name, %error, "the consumer could not be measured"),
            }
        }
    }

    /// Checks that the stream contains only events that its owner has published.
    pub(super) async fn check_stream(&self) -> Result<(), PullError> {
        let Connection { context, settings, distrusted, .. } = &*self.connection;
        let found = context.get_stream(settings.stream_name(self.stream)).await;
        let found = found.map_err(|error| PullError::Consumer(error.to_string()))?;
        let fault = settings.distrust(self.stream, &found.cached_info().config);
        gauge!("bus_stream_distrusted", "consumer" => self.consumer, "stream" => self.stream.name())
            .set(if fault.is_some() { 1.0 } else { 0.0 });
        let Some(fault) = fault else {
            distrusted.lock().remove(&self.stream);
            return Ok(());
        };
        distrusted.lock().insert(self.stream, fault);
        Err(PullError::Distrusted(fault))
    }
}

/// Sets the gauges of a stream of this service: `bus_stream_bytes` and `bus_stream_bytes_limit`. A stream that is missing
/// is created again.
pub(super) async fn measure(connection: Arc<Connection>, stream: Stream) {
    let Connection { context, settings, .. } = &*connection;
    let name = settings.stream_name(stream);
    loop {
        match context.get_stream(&name).await {
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            Ok(found) => {
                let info = found.cached_info();
                gauge!("bus_stream_bytes", "stream" => stream.name()).set(info.state.bytes as f64);
                gauge!("bus_stream_bytes_limit", "stream" => stream.name()).set(info.config.max_bytes as f64);
            }
            Err(error) if is_missing(&error.kind()) => {
                if let Err(error) = ensure_stream(context, settings, stream).await {
                    warn!(name, %error, "the stream is missing and could not be created; retrying");
                }
            }
            Err(error) => debug!(name, %error, "the stream could not be measured"),
        }
        tokio::select! {
            () = connection.stop.cancelled() => return,
            () = connection.clock.sleep(MEASURE_INTERVAL) => {}
        }
    }
}

fn is_missing(error: &GetStreamErrorKind) -> bool {
    matches!(error, GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}
