//! A running consumer on a local bus.

use std::cell::RefCell;
use std::sync::Arc;

use bus::{Bus, Consume, ConsumeError, ConsumerLoop, Incoming, Limits, LocalBus, Subscription};
use common::Envelope;
use common::event::Subject;
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Harness;

/// A handler made of a function.
pub(crate) struct Handler<F>(pub(crate) F);

impl<F> Consume for Handler<F>
where
    F: Fn(Incoming) -> BoxFuture<'static, Result<(), ConsumeError>> + Send + Sync + 'static,
{
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        (self.0)(incoming)
    }
}

/// Runs the consumer `tests` of `expiration.completed` on this bus; a drop is a crash.
pub(crate) fn consume(
    harness: &Harness,
    bus: &dyn Bus,
    limits: Limits,
    stop: &CancellationToken,
    handler: impl Fn(Incoming) -> BoxFuture<'static, Result<(), ConsumeError>> + Send + Sync + 'static,
) -> JoinSet<()> {
    let (consumer, subjects, handler) =
        ("tests", &[Subject::ExpirationCompleted][..], Arc::new(Handler(handler)));
    let subscription = Subscription { consumer, subjects, handler };
    let (clock, ids) = (Arc::new(harness.clock.clone()), harness.ids.clone());
    let consumers = ConsumerLoop::new(subscription, bus, harness.store.clone(), clock, ids);
    let mut running = JoinSet::new();
    running.spawn(consumers.with_limits(limits).run(stop.clone()));
    running
}

/// The same on a local bus, with its publishers.
pub(crate) struct RunningConsumer {
    bus: Arc<LocalBus>,
    consumer: JoinSet<()>,
    publishers: RefCell<JoinSet<()>>,
    pub(crate) stop: CancellationToken,
}

impl RunningConsumer {
    pub(crate) fn start(
        harness: &Harness,
        limits: Limits,
        handler: impl Fn(Incoming) -> BoxFuture<'static, Result<(), ConsumeError>> + Send + Sync + 'static,
    ) -> Self {
        let (bus, stop) = (Arc::new(LocalBus::new()), CancellationToken::new());
        let consumer = consume(harness, &*bus, limits, &stop, handler);
        Self { bus, consumer, publishers: RefCell::default(), stop }
    }

    /// Begins to publish an event once.
    pub(crate) fn publish(&self, event: &Arc<Envelope>) -> Published {
        let (sender, result) = watch::channel(None);
        let (bus, event) = (self.bus.clone(), event.clone());
        self.publishers.borrow_mut().spawn(async move {
            sender.send_replace(Some(bus.publish(event).await.is_ok()));
        });
        Published(result)
    }

    /// Whether the consumer has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.consumer.try_join_next().is_some()
    }

    /// Waits until the consumer has ended.
    pub(crate) async fn ended(&mut self) {
        self.consumer.join_next().await.expect("the consumer was running").expect("no panic");
    }
}

/// An event that is being published.
pub(crate) struct Published(watch::Receiver<Option<bool>>);

impl Published {
    /// Whether the bus has accepted the event; `None` while publishing has not ended.
    pub(crate) fn succeeded(&self) -> Option<bool> {
        *self.0.borrow()
    }

    /// Whether the bus has accepted the event.
    pub(crate) fn is_done(&self) -> bool {
        self.succeeded() == Some(true)
    }
}
