//! How far a consumer lies behind.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::pull;
use metrics::gauge;
use tokio::sync::mpsc::UnboundedSender;
use tracing::debug;

use super::Shared;
use super::settings::Owner;
use crate::Delivery;

/// How often the server is asked.
const EVERY: Duration = Duration::from_secs(10);

/// Keeps the gauges of one durable consumer: `bus_consumer_lag`, the events that it has not finished, and
/// `bus_consumer_unanswered`, those among them that some process holds. Every process of the service shows the same.
pub(super) async fn measure(
    shared: Arc<Shared>,
    consumer: &'static str,
    owner: Owner,
    queue: UnboundedSender<Delivery>,
) {
    let stream = shared.settings.stream_name(owner);
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = queue.closed() => return,
            () = shared.clock.sleep(EVERY) => {}
        }
        match shared.context.get_consumer_from_stream::<pull::Config, _, _>(consumer, &stream).await {
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            Ok(found) => {
                let info = found.cached_info();
                let unanswered = info.num_ack_pending as f64;
                gauge!("bus_consumer_lag", "consumer" => consumer, "stream" => owner.name())
                    .set(info.num_pending as f64 + unanswered);
                gauge!("bus_consumer_unanswered", "consumer" => consumer, "stream" => owner.name())
                    .set(unanswered);
            }
            // The connection's own gauge tells why.
            Err(error) => debug!(consumer, stream, %error, "the consumer could not be measured"),
        }
    }
}
