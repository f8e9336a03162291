//! The bus between processes: NATS JetStream stores the events, in one stream per publishing service.

mod acks;
mod address;
mod connect;
mod connection;
mod live;
mod origin;
mod pull_consumer;
mod settings;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use common::event::Subject;
use common::{Envelope, Ids, SharedClock};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{BoxStream, StreamExt, poll_fn, select_all};
use metrics::counter;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::task::unconstrained;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use self::acks::{AckSender, Acks};
use self::connect::ensure_stream;
use self::connection::{Connection, ConnectionMonitor};
use self::pull_consumer::PullConsumer;
use self::settings::{MAX_QUEUED, Settings, Stream};
use crate::port::{Bus, BusError, Delivery, Lagged};

pub use self::address::{Address, AddressError};
pub use self::connect::ConnectError;
pub use self::settings::{Options, PrefixError};

const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// The error of a call after [`Bus::close`].
const CLOSED: &str = "this process has closed its connection";

/// A connection to NATS JetStream, which reconnects by itself.
///
/// The first process of a service creates its stream, and the first to subscribe its durable consumer, all from the same
/// `settings`, so that services and their replicas may start in any order. A service owns its stream: no other creates or
/// updates it, and its events are accepted from this stream alone (`origin`).
///
/// Acknowledgements are not confirmed by the server. A lost one costs a redelivery, which consumers tolerate; a
/// confirmation would cost every event a round trip. The same holds for a dead letter, whose id is derived from the
/// event.
pub struct JetStream {
    connection: Arc<Connection>,
    tasks: TaskTracker,
    /// Ends after the other tasks.
    ack_sender: TaskTracker,
    _stop: DropGuard,
}

impl JetStream {
    /// Connects, and creates missing streams. While the server is unavailable this retries and logs each failure; drop
    /// the future to stop.
    ///
    /// # Errors
    /// A failure that no retry changes: see [`ConnectError`].
    pub async fn connect(
        address: &Address,
        options: Options,
        clock: SharedClock,
        ids: Ids,
    ) -> Result<Arc<Self>, ConnectError> {
        let (monitor, settings) = (Arc::new(ConnectionMonitor::default()), Settings::new(options)?);
        let (client, context) = connect::connect(address, &settings, &monitor, &clock, &ids).await?;
        let (acks, queue) = Acks::new(ids.clone());
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let connection = Arc::new(Connection {
            client,
            context,
            settings,
            monitor,
            acks,
            distrusted: Mutex::default(),
            clock,
            ids,
            stop: stop.clone(),
        });
        let ack_sender = TaskTracker::new();
        let sender = AckSender { connection: Arc::clone(&connection), queue, tasks: tasks.clone() };
        ack_sender.spawn(sender.run());
        for stream in Stream::ALL.into_iter().filter(|stream| connection.settings.owns(*stream)) {
            tasks.spawn(watch::measure(Arc::clone(&connection), stream));
        }
        Ok(Arc::new(Self { connection, tasks, ack_sender, _stop: stop.drop_guard() }))
    }

    /// Publishes once, as soon as the client is connected. The message id is the event's, by which the server drops
    /// duplicates.
    async fn publish_once(&self, event: &Envelope) -> Result<(), BusError> {
        let Connection { context, settings, stop, .. } = &*self.connection;
        let payload = serde_json::to_vec(event).map_err(|error| BusError(error.to_string()))?;
        let id = uuid::Uuid::from(event.id).to_string();
        let message = PublishMessage::build().message_id(id).payload(payload.into());
        let connected = stop.run_until_cancelled(self.connection.connected()).await;
        let Some(mut connected) = connected.filter(|_| !stop.is_cancelled()) else {
            return Err(BusError(CLOSED.to_owned()));
        };
        let publish = context.send_publish(settings.subject(event.subject()), message);
        tokio::select! {
            biased;
            acknowledged = async { publish.await?.await } => match acknowledged {
                Ok(_) => Ok(()),
                Err(error) => Err(self.publish_failed(Stream::of(event.subject()), &error).await),
            },
            // The acknowledgement could not arrive any more.
            () = connected.lost() => Err(BusError("the connection to NATS was lost meanwhile".to_owned())),
        }
    }

    /// Describes the failure. A missing stream is created for the next attempt.
    async fn publish_failed(&self, stream: Stream, error: &PublishError) -> BusError {
        let Connection { context, settings, .. } = &*self.connection;
        if error.kind() == PublishErrorKind::StreamNotFound
            && let Err(error) = ensure_stream(context, settings, stream).await
        {
            return BusError(format!("its stream is missing and cannot be created: {error}"));
        }
        BusError(error.to_string())
    }

    async fn ping(&self) -> Result<(), BusError> {
        let Connection { client, context, stop, distrusted, .. } = &*self.connection;
        if stop.is_cancelled() {
            return Err(BusError(CLOSED.to_owned()));
        }
        if let Some((stream, fault)) = distrusted.lock().first_key_value() {
            return Err(BusError(format!("the stream of {} has {fault} and is not consumed", stream.name())));
        }
        if client.connection_state() != State::Connected {
            return Err(BusError("there is no connection to NATS".to_owned()));
        }
        match timeout(CHECK_TIMEOUT, context.query_account()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(BusError(common::error_chain(&error))),
            Err(_) => Err(BusError(format!("NATS did not answer within {CHECK_TIMEOUT:?}"))),
        }
    }
}

impl Bus for JetStream {
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        // A task that has used up its budget would send what it has left in the opposite order.
        unconstrained(async move {
            let published = self.publish_once(&event).await;
            if published.is_err() {
                let stream = Stream::of(event.subject()).name();
                counter!("bus_publish_failures_total", "stream" => stream).increment(1);
            }
            published
        })
        .boxed()
    }

    fn subscribe(
        &self,
        consumer: &'static str,
        subjects: &'static [Subject],
    ) -> BoxStream<'static, Delivery> {
        let of_stream = |stream| {
            let (queue, mut deliveries) = mpsc::channel(MAX_QUEUED);
            let connection = Arc::clone(&self.connection);
            self.tasks.spawn(PullConsumer::new(connection, consumer, stream, subjects, queue).run());
            poll_fn(move |context| deliveries.poll_recv(context))
        };
        select_all(settings::streams(subjects).into_iter().map(of_stream)).boxed()
    }

    fn live(&self, subjects: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>> {
        live::live(&self.connection, &self.tasks, subjects)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), BusError>> {
        self.ping().boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async {
            let Connection { client, stop, settings, .. } = &*self.connection;
            stop.cancel();
            self.ack_sender.close();
            let flushed = async {
                self.ack_sender.wait().await;
                client.flush().await.is_ok() && client.drain().await.is_ok()
            };
            if timeout(settings.options.close_timeout, flushed).await != Ok(true) {
                tracing::warn!("acknowledgements were not flushed in time; NATS will redeliver some events");
            }
        }
        .boxed()
    }
}
