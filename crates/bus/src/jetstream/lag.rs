//! The lag of a durable consumer, as metrics.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::pull;
use metrics::gauge;
use tokio::sync::mpsc::UnboundedSender;
use tracing::debug;

use super::connection::Connection;
use super::settings::Stream;
use crate::port::Delivery;

const MEASURE_INTERVAL: Duration = Duration::from_secs(10);

/// Sets the gauges of one durable consumer: `bus_consumer_lag`, its unfinished events, and `bus_consumer_ack_pending`,
/// those of them that are delivered and not acknowledged. Every process of the service reports the same numbers.
pub(super) async fn measure(
    connection: Arc<Connection>,
    consumer: &'static str,
    stream: Stream,
    queue: UnboundedSender<Delivery>,
) {
    let stream_name = connection.settings.stream_name(stream);
    loop {
        tokio::select! {
            () = connection.stop.cancelled() => return,
            () = queue.closed() => return,
            () = connection.clock.sleep(MEASURE_INTERVAL) => {}
        }
        let found = connection.context.get_consumer_from_stream::<pull::Config, _, _>(consumer, &stream_name);
        match found.await {
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            Ok(found) => {
                let info = found.cached_info();
                let ack_pending = info.num_ack_pending as f64;
                gauge!("bus_consumer_lag", "consumer" => consumer, "stream" => stream.name())
                    .set(info.num_pending as f64 + ack_pending);
                gauge!("bus_consumer_ack_pending", "consumer" => consumer, "stream" => stream.name())
                    .set(ack_pending);
            }
            // `bus_connected` shows the cause.
            Err(error) => debug!(consumer, stream_name, %error, "the consumer could not be measured"),
        }
    }
}
