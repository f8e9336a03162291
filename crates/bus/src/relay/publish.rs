//! Publishing one entry for as long as it takes.

use std::time::Duration;

use common::Backoff;
use metrics::counter;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Relay;
use super::backlog::Entry;

/// The delays between two tries of the same entry.
pub(super) const RETRY: Backoff = Backoff { first: Duration::from_millis(50), max: Duration::from_secs(30) };

/// Publishes an entry until the bus acknowledges it. Returns the entry, and whether the bus has it; it does not if
/// the relay was stopped before.
pub(super) async fn publish(relay: &Relay, entry: Entry, stop: &CancellationToken) -> (Entry, bool) {
    let service = relay.service;
    for failures in 1_u32.. {
        let subject = entry.event.subject().as_str();
        match relay.bus.publish(entry.event.clone()).await {
            Ok(()) => {
                counter!("outbox_published_total", "service" => service, "subject" => subject).increment(1);
                return (entry, true);
            }
            Err(error) => {
                counter!("outbox_publish_failures_total", "service" => service, "subject" => subject)
                    .increment(1);
                let (event, error): (_, &dyn std::error::Error) = (entry.event.id, &error);
                warn!(service, subject, %event, error, "an event could not be published; trying again");
            }
        }
        let delay = RETRY.delay(failures, &relay.ids);
        if stop.run_until_cancelled(relay.clock.sleep(delay)).await.is_none() {
            break;
        }
    }
    (entry, false)
}
