//! What is known of the connection.

use async_nats::Event;
use async_nats::connection::State;
use metrics::{counter, gauge};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{error, info, warn};

use super::Shared;

/// How often whoever waits for the connection looks by itself: the client may drop news when it has many.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// What has happened to the connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct News {
    connected: bool,
    /// How often it was lost.
    losses: u64,
    /// How often a subscription that is not durable may have missed something: the connection was back after a loss,
    /// or it was read too slowly.
    pub(super) gaps: u64,
}

/// The connection as its events tell it.
#[derive(Default)]
pub(super) struct Link(watch::Sender<News>);

impl Link {
    /// Takes note of what the client says.
    pub(super) fn note(&self, event: &Event) {
        self.0.send_modify(|news| match event {
            Event::Connected => {
                news.connected = true;
                news.gaps += u64::from(news.losses > 0);
            }
            Event::Disconnected | Event::Closed => {
                news.losses += u64::from(news.connected);
                news.connected = false;
            }
            Event::SlowConsumer(_) => news.gaps += 1,
            _ => {}
        });
        match event {
            Event::Connected => {
                info!("connected to NATS");
                counter!("bus_connections_total").increment(1);
                gauge!("bus_connected").set(1.0);
            }
            Event::Disconnected => {
                warn!("the connection to NATS was lost; trying again until it is back");
                gauge!("bus_connected").set(0.0);
            }
            Event::LameDuckMode => info!("the NATS server is about to stop"),
            Event::SlowConsumer(_) => warn!("events came faster than this process reads them"),
            Event::ServerError(error) => error!(%error, "the NATS server reports an error"),
            Event::ClientError(error) => warn!(%error, "NATS does not answer yet; trying again"),
            Event::Draining | Event::Closed => {}
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<News> {
        self.0.subscribe()
    }
}

/// The connection at a moment when it stood.
pub(super) struct Standing {
    news: watch::Receiver<News>,
    losses: u64,
}

impl Shared {
    /// Waits until there is a connection.
    pub(super) async fn connected(&self) -> Standing {
        let mut news = self.link.watch();
        loop {
            let News { connected, losses, .. } = *news.borrow_and_update();
            if connected || self.client.connection_state() == State::Connected {
                return Standing { news, losses };
            }
            // Either way it is looked at again.
            let _ = timeout(LOOK_EVERY, news.changed()).await;
        }
    }
}

impl Standing {
    /// Resolves when that connection is lost.
    pub(super) async fn lost(&mut self) {
        let losses = self.losses;
        // The sender lives as long as the bus; after it nobody waits.
        let _ = self.news.wait_for(|news| news.losses != losses).await;
    }
}
