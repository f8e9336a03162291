//! A consumer loop in a process that may crash.

use std::sync::Arc;
use std::time::Duration;

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

/// Reports each event that it starts to handle.
struct Handler {
    started: mpsc::UnboundedSender<Arc<Envelope>>,
    ends: Ends,
}

impl Consume for Handler {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        let version = incoming.envelope.version;
        let reported = self.started.send(incoming.envelope);
        async move {
            // Fails after the test has dropped the receiver.
            reported.ok();
            match self.ends {
                Ends::AtOnceExcept(waiting) if version == waiting => {
                    Err(ConsumeError::RetryLater(Duration::from_secs(1)))
                }
                Ends::AtOnce | Ends::AtOnceExcept(_) => Ok(()),
                Ends::Never => std::future::pending().await,
            }
        }
        .boxed()
    }
}

/// The end of a process's handlers.
#[derive(Clone, Copy)]
pub(crate) enum Ends {
    AtOnce,
    /// At once, except for events of this version, which wait.
    AtOnceExcept(u64),
    Never,
}

/// The consumer `deadlines` in a process of its own.
pub(crate) struct RunningConsumer {
    bus: Arc<JetStream>,
    task: JoinSet<()>,
    started: mpsc::UnboundedReceiver<Arc<Envelope>>,
    stop: CancellationToken,
}

impl RunningConsumer {
    pub(crate) fn start(bus: Arc<JetStream>, store: &Store, limits: Limits, ends: Ends) -> Self {
        let (sender, started) = mpsc::unbounded_channel();
        let handler = Handler { started: sender, ends };
        let subscription =
            Subscription { consumer: "deadlines", subjects: DEADLINES, handler: Arc::new(handler) };
        let (clock, stop) = (Arc::new(SystemClock), CancellationToken::new());
        let consumers = ConsumerLoop::new(subscription, &*bus, store.clone(), clock, ids());
        let mut task = JoinSet::new();
        task.spawn(consumers.with_limits(limits).run(stop.clone()));
        Self { bus, task, started, stop }
    }

    /// The next event whose handling starts.
    pub(crate) async fn next_started(&mut self) -> Arc<Envelope> {
        within(self.started.recv()).await.expect("the consumer runs")
    }

    /// Crashes without an acknowledgement of the events in flight.
    pub(crate) async fn crash(mut self) {
        self.bus.close().await;
        self.task.shutdown().await;
    }

    /// Stops as a service does.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        within(self.task.join_next()).await;
        self.bus.close().await;
    }
}
