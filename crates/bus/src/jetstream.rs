//! The bus between processes: NATS JetStream keeps the events, in one stream for each service that announces some.

mod address;
mod answers;
mod connect;
mod link;
mod live;
mod measure;
mod options;
mod publish;
mod pull;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use async_nats::jetstream::Context;
use common::event::Subject;
use common::{Envelope, Ids, SharedClock};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{BoxStream, StreamExt, poll_fn};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use self::answers::Answers;
use self::link::Link;
use self::pull::Pull;
use self::settings::{Owner, Settings};
use crate::{Bus, BusError, Delivery, Lagged};

pub use self::address::{Address, AddressError};
pub use self::connect::ConnectError;
pub use self::options::Options;

/// How long the server may take to answer the question whether it is there.
const CHECK_WITHIN: Duration = Duration::from_secs(2);

/// How long closing waits for what the server shall still be told.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// What is said to whoever still uses a bus that was closed.
const LEFT: &str = "this process has left it";

/// A connection to NATS JetStream, which comes back by itself whenever it is lost.
///
/// Whoever connects first creates the streams, and whoever subscribes first its durable consumer, all from
/// the same `settings`, so that services and their replicas may start in any order.
///
/// A delivery is acknowledged without waiting for the server to confirm it: should that be lost, the event comes once
/// more, which consumers do not mind, and which costs less than a round trip for each of the others. The same holds for
/// one that was kept as a dead letter, since it is kept under an id that is derived from the event.
pub struct JetStream {
    shared: Arc<Shared>,
    tasks: TaskTracker,
    _stop: DropGuard,
}

/// What the tasks of one connection share.
struct Shared {
    client: Client,
    context: Context,
    settings: Settings,
    link: Arc<Link>,
    answers: Arc<Answers>,
    clock: SharedClock,
    ids: Ids,
    stop: CancellationToken,
}

impl JetStream {
    /// Connects, and creates the streams that are not there yet. While the server cannot be reached this waits and
    /// tries again, with a word in the log each time; drop the future to give up.
    ///
    /// # Errors
    /// What no waiting will change: see [`ConnectError`].
    pub async fn connect(
        address: &Address,
        options: Options,
        clock: SharedClock,
        ids: Ids,
    ) -> Result<Arc<Self>, ConnectError> {
        let (link, settings) = (Arc::new(Link::default()), Settings::new(options)?);
        let (client, context) = connect::connect(address, &settings, &link, &clock, &ids).await?;
        let (answers, queue) = Answers::new(ids.clone());
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let shared = Shared { client, context, settings, link, answers, clock, ids, stop: stop.clone() };
        let shared = Arc::new(shared);
        tasks.spawn(answers::send(Arc::clone(&shared), queue));
        Ok(Arc::new(Self { shared, tasks, _stop: stop.drop_guard() }))
    }

    async fn ask(&self) -> Result<(), BusError> {
        if self.shared.stop.is_cancelled() {
            return Err(BusError(LEFT.to_owned()));
        }
        if self.shared.client.connection_state() != State::Connected {
            return Err(BusError("there is no connection to NATS".to_owned()));
        }
        match timeout(CHECK_WITHIN, self.shared.context.query_account()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(BusError(common::error_chain(&error))),
            Err(_) => Err(BusError(format!("NATS did not answer within {CHECK_WITHIN:?}"))),
        }
    }
}

impl Bus for JetStream {
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        publish::publish(&self.shared, event).boxed()
    }

    fn subscribe(
        &self,
        consumer: &'static str,
        subjects: &'static [Subject],
    ) -> BoxStream<'static, Delivery> {
        let (queue, mut deliveries) = mpsc::unbounded_channel();
        for owner in Owner::of_each(subjects) {
            let pull = Pull::new(Arc::clone(&self.shared), consumer, owner, subjects, queue.clone());
            let queue = queue.clone();
            self.tasks.spawn(measure::measure(Arc::clone(&self.shared), consumer, owner, queue));
            self.tasks.spawn(pull.run());
        }
        poll_fn(move |context| deliveries.poll_recv(context)).boxed()
    }

    fn live(&self, subjects: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>> {
        live::live(&self.shared, &self.tasks, subjects)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), BusError>> {
        self.ask().boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async {
            self.shared.stop.cancel();
            self.tasks.close();
            let told = async {
                self.tasks.wait().await;
                self.shared.client.flush().await.is_ok() && self.shared.client.drain().await.is_ok()
            };
            if timeout(CLOSE_TIMEOUT, told).await != Ok(true) {
                tracing::warn!(
                    "NATS was left before it was told everything; it will deliver some events again"
                );
            }
        }
        .boxed()
    }
}
