//! The connection that all tasks share, and its state.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::Context;
use async_nats::{Client, Event};
use common::{Ids, SharedClock};
use metrics::{counter, gauge};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::acks::Acks;
use super::settings::{Settings, Stream};

/// The interval at which a task that waits for the connection polls its state: the client may drop events when it has
/// many.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// A connection, as its tasks share it.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) context: Context,
    pub(super) settings: Settings,
    pub(super) monitor: Arc<ConnectionMonitor>,
    pub(super) acks: Arc<Acks>,
    /// Streams that are not consumed, and the fault of their configuration.
    pub(super) distrusted: Mutex<BTreeMap<Stream, &'static str>>,
    pub(super) clock: SharedClock,
    pub(super) ids: Ids,
    pub(super) stop: CancellationToken,
}

impl Connection {
    /// Waits until the client is connected.
    pub(super) async fn connected(&self) -> ConnectedGuard {
        let mut status = self.monitor.watch();
        loop {
            let ConnectionStatus { connected, losses, .. } = *status.borrow_and_update();
            if connected || self.client.connection_state() == State::Connected {
                return ConnectedGuard { status, losses };
            }
            // A timeout is the next poll.
            let _ = timeout(POLL_INTERVAL, status.changed()).await;
        }
    }
}

/// The history of the connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ConnectionStatus {
    connected: bool,
    /// Lost connections.
    losses: u64,
    /// Gaps that a subscription without a durable consumer may have: reconnects, and reads that were too slow.
    pub(super) gaps: u64,
}

/// Follows the client's connection events.
#[derive(Default)]
pub(super) struct ConnectionMonitor(watch::Sender<ConnectionStatus>);

impl ConnectionMonitor {
    /// Records an event of the client, in the status, the log and the metrics.
    pub(super) fn record(&self, event: &Event) {
        self.0.send_modify(|status| match event {
            Event::Connected => {
                status.connected = true;
                status.gaps += u64::from(status.losses > 0);
            }
            Event::Disconnected | Event::Closed => {
                status.losses += u64::from(status.connected);
                status.connected = false;
            }
            Event::SlowConsumer(_) => status.gaps += 1,
            _ => {}
        });
        match event {
            Event::Connected => {
                info!("connected to NATS");
                counter!("bus_connections_total").increment(1);
                gauge!("bus_connected").set(1.0);
            }
            Event::Disconnected => {
                warn!("the connection to NATS was lost; retrying until it is restored");
                gauge!("bus_connected").set(0.0);
            }
            Event::LameDuckMode => info!("the NATS server is about to stop"),
            Event::SlowConsumer(_) => warn!("events arrive faster than this process reads them"),
            Event::ServerError(error) => error!(%error, "the NATS server reports an error"),
            Event::ClientError(error) => warn!(%error, "NATS is unavailable; retrying"),
            Event::Draining | Event::Closed => {}
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<ConnectionStatus> {
        self.0.subscribe()
    }
}

/// Observes a connection from a moment at which it was up.
pub(super) struct ConnectedGuard {
    status: watch::Receiver<ConnectionStatus>,
    losses: u64,
}

impl ConnectedGuard {
    /// Resolves when the connection is lost.
    pub(super) async fn lost(&mut self) {
        let losses = self.losses;
        // Fails only after the bus was dropped, when no task waits any more.
        let _ = self.status.wait_for(|status| status.losses != losses).await;
    }
}
