//! The consumer loop in a process that may die.

use std::sync::Arc;

use bus::jetstream::JetStream;
use bus::{Bus, Consume, ConsumeError, ConsumerLoop, Incoming, Limits, Subscription};
use common::Envelope;
use common::clock::SystemClock;
use futures::future::{BoxFuture, FutureExt};
use store::Store;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{DEADLINES, ids, within};

/// Tells of each event that it has begun with.
struct Handler {
    begun: mpsc::UnboundedSender<Arc<Envelope>>,
    ends: Ends,
}

impl Consume for Handler {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        let told = self.begun.send(incoming.envelope);
        async move {
            // Fails once the test has seen enough.
            told.ok();
            match self.ends {
                Ends::AtOnce => Ok(()),
                Ends::Never => std::future::pending().await,
            }
        }
        .boxed()
    }
}

/// When the handlers of a process end.
#[derive(Clone, Copy)]
pub(crate) enum Ends {
    AtOnce,
    Never,
}

/// The consumer `deadlines` in a process of its own.
pub(crate) struct Running {
    bus: Arc<JetStream>,
    task: JoinSet<()>,
    begun: mpsc::UnboundedReceiver<Arc<Envelope>>,
    stop: CancellationToken,
}

impl Running {
    pub(crate) fn start(bus: Arc<JetStream>, store: &Store, limits: Limits, ends: Ends) -> Self {
        let (tell, begun) = mpsc::unbounded_channel();
        let handler = Handler { begun: tell, ends };
        let subscription =
            Subscription { consumer: "deadlines", subjects: DEADLINES, handler: Arc::new(handler) };
        let (clock, stop) = (Arc::new(SystemClock), CancellationToken::new());
        let consumers = ConsumerLoop::new(subscription, &*bus, store.clone(), clock, ids());
        let mut task = JoinSet::new();
        task.spawn(consumers.with_limits(limits).run(stop.clone()));
        Self { bus, task, begun, stop }
    }

    /// Waits for the next event that is handled.
    pub(crate) async fn begun(&mut self) -> Arc<Envelope> {
        within(self.begun.recv()).await.expect("the consumer runs")
    }

    /// Dies without a word about the events that it holds.
    pub(crate) async fn die(mut self) {
        self.bus.close().await;
        self.task.shutdown().await;
    }

    /// Ends as a service does.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        within(self.task.join_next()).await;
        self.bus.close().await;
    }
}
