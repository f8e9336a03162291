//! The pull consumer: requests a stream's events as permits are free, so that no event waits unseen in this process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Message as JetStreamMessage;
use async_nats::{Message, StatusCode, Subscriber};
use common::Backoff;
use common::event::Subject;
use futures::StreamExt;
use metrics::counter;
use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::{error, info, warn};

use super::connect::ensure_stream;
use super::connection::Connection;
use super::settings::{MAX_IN_FLIGHT, Stream};
use crate::port::Delivery;

/// The expiry of a pull request, after which a new one follows.
const PULL_EXPIRES: Duration = Duration::from_secs(30);

/// The interval of the server's heartbeats while it has no events. Without one for twice as long, the server has lost
/// the request.
const IDLE_HEARTBEAT: Duration = Duration::from_secs(5);

/// The time that the end of a subscription leaves to the messages in flight.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

const RETRY_BACKOFF: Backoff = Backoff { first: Duration::from_millis(50), max: Duration::from_secs(10) };

/// The reason why consuming ended early.
#[derive(Debug, thiserror::Error)]
enum PullError {
    #[error("the consumer could not be created: {0}")]
    Consumer(String),
    #[error("the request could not be sent: {0}")]
    Request(String),
    #[error("NATS ended the request: {0}")]
    Ended(String),
    #[error("NATS sent no heartbeat")]
    NoHeartbeat,
    #[error("the connection was lost")]
    Disconnected,
}

/// Pulls from one durable consumer. Every process of a service has one; the server distributes the events.
pub(super) struct PullConsumer {
    connection: Arc<Connection>,
    consumer: &'static str,
    stream: Stream,
    subjects: BTreeSet<Subject>,
    queue: UnboundedSender<Delivery>,
    /// Permits for unacknowledged deliveries.
    permits: Arc<Semaphore>,
}

impl PullConsumer {
    pub(super) fn new(
        connection: Arc<Connection>,
        consumer: &'static str,
        stream: Stream,
        subjects: &[Subject],
        queue: UnboundedSender<Delivery>,
    ) -> Self {
        let subjects = subjects.iter().copied().filter(|subject| Stream::of(*subject) == stream).collect();
        let permits = Arc::new(Semaphore::new(MAX_IN_FLIGHT.into()));
        Self { connection, consumer, stream, subjects, queue, permits }
    }

    /// Runs until the bus is closed or the subscription is dropped.
    pub(super) async fn run(self) {
        let mut failures = 0_u32;
        while !self.is_stopped() {
            let Err(error) = self.consume(&mut failures).await else { return };
            let (consumer, stream) = (self.consumer, self.stream.name());
            if matches!(error, PullError::Disconnected) {
                info!(consumer, stream, "consuming again once the connection is restored");
                continue;
            }
            failures = failures.saturating_add(1);
            warn!(consumer, stream, %error, "events are not delivered; retrying");
            let delay = self.connection.clock.sleep(RETRY_BACKOFF.delay(failures, &self.connection.ids));
            tokio::select! {
                () = self.stopped() => return,
                () = delay => {}
            }
        }
    }

    /// Consumes until stopped, or until a new subscription is needed.
    async fn consume(&self, failures: &mut u32) -> Result<(), PullError> {
        let Connection { client, .. } = &*self.connection;
        let subscribe = async {
            let connected = self.connection.connected().await;
            self.ensure_consumer().await?;
            let inbox = client.new_inbox();
            let messages = client.subscribe(inbox.clone()).await;
            Ok((connected, inbox, messages.map_err(|error| PullError::Request(error.to_string()))?))
        };
        let (mut connected, inbox, mut messages) = tokio::select! {
            () = self.stopped() => return Ok(()),
            subscribed = subscribe => subscribed?,
        };
        let ended = tokio::select! {
            biased;
            () = self.stopped() => Ok(()),
            ended = self.pull(&mut messages, &inbox, failures) => ended,
            () = connected.lost() => Err(PullError::Disconnected),
        };
        self.drain(messages).await;
        ended
    }

    /// Creates the durable consumer, or updates its subjects to this release's; creates a missing stream.
    async fn ensure_consumer(&self) -> Result<(), PullError> {
        let Connection { context, settings, .. } = &*self.connection;
        let subjects: Vec<_> = self.subjects.iter().copied().collect();
        let config = settings.consumer(self.consumer, self.stream, &subjects);
        let stream = settings.stream_name(self.stream);
        if context.create_consumer_on_stream(config.clone(), &stream).await.is_ok() {
            return Ok(());
        }
        let ensured = ensure_stream(context, settings, self.stream).await;
        ensured.map_err(|error| PullError::Consumer(error.to_string()))?;
        let created = context.create_consumer_on_stream(config, &stream).await;
        created.map(|_| ()).map_err(|error| PullError::Consumer(error.to_string()))
    }

    /// Requests as many events as there are permits, dispatches them, and repeats.
    async fn pull(
        &self,
        messages: &mut Subscriber,
        inbox: &str,
        failures: &mut u32,
    ) -> Result<(), PullError> {
        loop {
            let mut permits = self.acquire_permits().await;
            self.request(inbox, permits.num_permits()).await?;
            let (mut received, mut heartbeat) = (true, self.connection.clock.sleep(2 * IDLE_HEARTBEAT));
            while permits.num_permits() > 0 {
                let message = tokio::select! {
                    biased;
                    message = messages.next() => {
                        message.ok_or_else(|| PullError::Ended("closed".to_owned()))?
                    }
                    () = &mut heartbeat => {
                        if !std::mem::take(&mut received) {
                            return Err(PullError::NoHeartbeat);
                        }
                        heartbeat = self.connection.clock.sleep(2 * IDLE_HEARTBEAT);
                        continue;
                    }
                };
                (received, *failures) = (true, 0);
                match message.status {
                    None | Some(StatusCode::OK) => self.dispatch(message, permits.split(1)),
                    Some(StatusCode::IDLE_HEARTBEAT) => {}
                    // The request has expired.
                    Some(StatusCode::TIMEOUT | StatusCode::NOT_FOUND) => break,
                    Some(status) => {
                        let description = message.description.unwrap_or_default();
                        return Err(PullError::Ended(format!("{status} {description}")));
                    }
                }
            }
        }
    }

    /// Waits for a permit, then takes all that are free.
    async fn acquire_permits(&self) -> OwnedSemaphorePermit {
        let Ok(mut acquired) = Arc::clone(&self.permits).acquire_owned().await else {
            unreachable!("the semaphore is never closed");
        };
        let free = u32::try_from(self.permits.available_permits()).unwrap_or(0);
        if let Ok(free) = Arc::clone(&self.permits).try_acquire_many_owned(free) {
            acquired.merge(free);
        }
        acquired
    }

    /// <https://docs.nats.io/reference/reference-protocols/nats_api_reference#consumers>
    async fn request(&self, inbox: &str, batch: usize) -> Result<(), PullError> {
        let Connection { client, settings, .. } = &*self.connection;
        let stream = settings.stream_name(self.stream);
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{}", self.consumer);
        let (expires, idle_heartbeat) = (nanos(PULL_EXPIRES), nanos(IDLE_HEARTBEAT));
        let request = json!({ "batch": batch, "expires": expires, "idle_heartbeat": idle_heartbeat });
        let sent = client.publish_with_reply(subject, inbox.to_owned(), request.to_string().into());
        sent.await.map_err(|error| PullError::Request(error.to_string()))
    }

    /// Queues a message as a delivery.
    fn dispatch(&self, message: Message, permit: Option<OwnedSemaphorePermit>) {
        let message = JetStreamMessage { message, context: self.connection.context.clone() };
        let (Ok(info), Some(reply)) = (message.info(), message.message.reply.clone()) else {
            return;
        };
        let (deliveries, seq) = (u64::try_from(info.delivered).unwrap_or(1), info.stream_sequence);
        let (consumer, stream) = (self.consumer, self.stream.name());
        if deliveries > 1 {
            counter!("bus_redeliveries_total", "consumer" => consumer, "stream" => stream).increment(1);
        }
        let ack = self.connection.acks.track(reply, deliveries, permit);
        let delivery =
            Delivery::received(message.message.payload.clone(), deliveries, move || ack.acknowledge());
        if let Err(error) = &delivery.event {
            counter!("bus_unreadable_total", "consumer" => consumer, "stream" => stream).increment(1);
            error!(consumer, stream, seq, %error, "an event cannot be read and becomes a dead letter");
        }
        // Fails after the subscription was dropped, which drops the delivery and so sends a nak.
        self.queue.send(delivery).ok();
    }

    /// Ends the subscription and dispatches the messages in flight, which would otherwise be redelivered only after
    /// [`ack_wait`](super::Options::ack_wait).
    async fn drain(&self, mut messages: Subscriber) {
        let drained = async {
            if messages.drain().await.is_ok() {
                while let Some(message) = messages.next().await {
                    if message.status.is_none_or(|status| status == StatusCode::OK) {
                        self.dispatch(message, None);
                    }
                }
            }
        };
        // Messages after the timeout are redelivered.
        let _ = timeout(DRAIN_TIMEOUT, drained).await;
    }

    fn is_stopped(&self) -> bool {
        self.connection.stop.is_cancelled() || self.queue.is_closed()
    }

    async fn stopped(&self) {
        tokio::select! {
            () = self.connection.stop.cancelled() => {}
            () = self.queue.closed() => {}
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
