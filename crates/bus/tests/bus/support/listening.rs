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

use super::World;

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

/// The consumer `tests` of `expiration.completed`, running; dropping it is a crash.
pub(crate) struct Listening {
    bus: Arc<LocalBus>,
    consumer: JoinSet<()>,
    publishers: RefCell<JoinSet<()>>,
    pub(crate) stop: CancellationToken,
}

impl Listening {
    pub(crate) fn start(
        world: &World,
        limits: Limits,
        handler: impl Fn(Incoming) -> BoxFuture<'static, Result<(), ConsumeError>> + Send + Sync + 'static,
    ) -> Self {
        let (bus, stop) = (Arc::new(LocalBus::new()), CancellationToken::new());
        let subscription = Subscription {
            consumer: "tests",
            subjects: &[Subject::ExpirationCompleted],
            handler: Arc::new(Handler(handler)),
        };
        let (clock, ids) = (Arc::new(world.clock.clone()), world.ids.clone());
        let consumers = ConsumerLoop::new(subscription, &*bus, world.store.clone(), clock, ids);
        let mut consumer = JoinSet::new();
        consumer.spawn(consumers.with_limits(limits).run(stop.clone()));
        Self { bus, consumer, publishers: RefCell::default(), stop }
    }

    /// Begins to publish an event once.
    pub(crate) fn publish(&self, event: &Arc<Envelope>) -> Published {
        let (tell, told) = watch::channel(None);
        let (bus, event) = (self.bus.clone(), event.clone());
        self.publishers.borrow_mut().spawn(async move {
            tell.send_replace(Some(bus.publish(event).await.is_ok()));
        });
        Published(told)
    }

    /// Whether the consumer has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.consumer.try_join_next().is_some()
    }

    /// Waits for the end of the consumer.
    pub(crate) async fn ended(&mut self) {
        self.consumer.join_next().await.expect("it was running").expect("it does not panic");
    }
}

/// An event that is being published.
pub(crate) struct Published(watch::Receiver<Option<bool>>);

impl Published {
    /// Whether the bus has taken it; `None` while it has not decided.
    pub(crate) fn succeeded(&self) -> Option<bool> {
        *self.0.borrow()
    }

    /// Whether the bus has taken it.
    pub(crate) fn is_done(&self) -> bool {
        self.succeeded() == Some(true)
    }
}
