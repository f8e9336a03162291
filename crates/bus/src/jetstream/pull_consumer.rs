//! The pull consumer: requests as many events of a stream as its queue has room for, so that no event waits unseen in this
//! process.
//!
//! The client's own pull consumers do not suffice: they end with the messages in flight to them, which the server would
//! redeliver only after [`ack_wait`](super::Options::ack_wait).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Message as JetStreamMessage;
use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream::ConsumerErrorKind;
use async_nats::{Message, StatusCode, Subscriber};
use common::Backoff;
use common::event::Subject;
use futures::StreamExt;
use metrics::{Counter, counter};
use serde_json::json;
use tokio::sync::mpsc::{Permit, Sender};
use tokio::time::timeout;
use tracing::{error, info, warn};

use super::connection::Connection;
use super::origin;
use super::settings::Stream;
use crate::port::Delivery;

/// The expiry of a pull request, after which a new one follows. Without an answer for twice as long, the server has lost
/// the request.
const PULL_EXPIRES: Duration = Duration::from_secs(5);

/// Deliveries of an event of a subject that only another release of the service handles. Each returns the event, with a
/// backoff, for a process of that release; the last acknowledges it.
const MAX_HANDOVERS: u64 = 8;

const RETRY_BACKOFF: Backoff = Backoff { first: Duration::from_millis(50), max: Duration::from_secs(10) };

/// The reason why consuming ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum PullError {
    #[error("the stream has {0}, so other services could forge its events")]
    Distrusted(&'static str),
    #[error("another process has narrowed the consumer's filter")]
    Narrowed,
    #[error("the consumer could not be created: {0}")]
    Consumer(String),
    #[error("the request could not be sent: {0}")]
    Request(String),
    #[error("NATS ended the request: {0}")]
    Ended(String),
    #[error("NATS did not answer the request")]
    NoAnswer,
    #[error("the connection was lost")]
    Disconnected,
}

/// Pulls from one durable consumer. Every process of a service has one; the server distributes the events.
pub(super) struct PullConsumer {
    pub(super) connection: Arc<Connection>,
    pub(super) consumer: &'static str,
    pub(super) stream: Stream,
    subjects: BTreeSet<Subject>,
    /// Deliveries that the subscriber has not received yet.
    queue: Sender<Delivery>,
    redeliveries: Counter,
    unreadable: Counter,
}

impl PullConsumer {
    pub(super) fn new(
        connection: Arc<Connection>,
        consumer: &'static str,
        stream: Stream,
        subjects: &[Subject],
        queue: Sender<Delivery>,
    ) -> Self {
        let subjects = subjects.iter().copied().filter(|subject| Stream::of(*subject) == stream).collect();
        let of = |name| counter!(name, "consumer" => consumer, "stream" => stream.name());
        let redeliveries = of("bus_redeliveries_total");
        let unreadable = of("bus_unreadable_total");
        // Registered here, so that an alert sees their first increment.
        of("bus_events_rejected_total").increment(0);
        Self { connection, consumer, stream, subjects, queue, redeliveries, unreadable }
    }

    /// Runs until the bus is closed or the subscription is dropped.
    pub(super) async fn run(self) {
        let mut failures = 0_u32;
        loop {
            let Err(error) = self.consume(&mut failures).await else { return };
            let (consumer, stream) = (self.consumer, self.stream.name());
            if matches!(error, PullError::Disconnected) {
                info!(consumer, stream, "consuming again once the connection is restored");
                continue;
            }
            failures = failures.saturating_add(1);
            if matches!(error, PullError::Distrusted(_)) {
                error!(consumer, stream, %error, "the stream is not consumed; retrying");
            } else {
                warn!(consumer, stream, %error, "events are not delivered; retrying");
            }
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
            error = self.watch() => Err(error),
            () = connected.lost() => Err(PullError::Disconnected),
        };
        self.drain(messages).await;
        ended
    }

    /// The subjects of this release, on the wire.
    pub(super) fn filter(&self) -> BTreeSet<String> {
        let settings = &self.connection.settings;
        self.subjects.iter().map(|subject| settings.subject(*subject)).collect()
    }

    /// Creates the durable consumer, or widens its filter, unless the stream is distrusted.
    async fn ensure_consumer(&self) -> Result<(), PullError> {
        self.check_stream().await?;
        let Connection { context, settings, .. } = &*self.connection;
        let (stream, mut filter) = (settings.stream_name(self.stream), self.filter());
        let found = context.get_consumer_from_stream::<pull::Config, _, _>(self.consumer, &stream).await;
        let ensured = match found {
            Ok(found) => {
                let stored = &found.cached_info().config;
                filter.extend(stored.filter_subjects.iter().cloned());
                let config = settings.consumer(self.consumer, self.stream, filter);
                // Without a difference nothing is written: another process may be widening the filter.
                if (config.filter_subjects.len(), config.ack_wait, config.max_ack_pending)
                    == (stored.filter_subjects.len(), stored.ack_wait, stored.max_ack_pending)
                {
                    return Ok(());
                }
                context.create_consumer_on_stream(config, &stream).await.map_err(|error| error.to_string())
            }
            Err(error) if matches!(error.kind(), ConsumerErrorKind::JetStream(_)) => {
                let config = settings.consumer(self.consumer, self.stream, filter);
                let created = context.create_consumer_strict_on_stream(config, &stream).await;
                created.map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        ensured.map(|_| ()).map_err(PullError::Consumer)
    }

    /// Requests as many events as the queue has room for, dispatches them, and repeats.
    async fn pull(
        &self,
        messages: &mut Subscriber,
        inbox: &str,
        failures: &mut u32,
    ) -> Result<(), PullError> {
        loop {
            // Closed: the subscription was dropped.
            let Ok(first) = self.queue.reserve().await else { return Ok(()) };
            drop(first);
            let Ok(mut room) = self.queue.try_reserve_many(self.queue.capacity()) else { return Ok(()) };
            self.request(inbox, room.len()).await?;
            let mut lost = self.connection.clock.sleep(2 * PULL_EXPIRES);
            while room.len() > 0 {
                let message = tokio::select! {
                    biased;
                    message = messages.next() => message.ok_or_else(|| PullError::Ended("closed".to_owned()))?,
                    () = &mut lost => return Err(PullError::NoAnswer),
                };
                *failures = 0;
                match message.status {
                    None | Some(StatusCode::OK) => self.dispatch(message, room.next()),
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

    /// <https://docs.nats.io/reference/reference-protocols/nats_api_reference#consumers>
    async fn request(&self, inbox: &str, batch: usize) -> Result<(), PullError> {
        let Connection { client, settings, .. } = &*self.connection;
        let stream = settings.stream_name(self.stream);
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{}", self.consumer);
        let expires = u64::try_from(PULL_EXPIRES.as_nanos()).unwrap_or(u64::MAX);
        let request = json!({ "batch": batch, "expires": expires });
        let sent = client.publish_with_reply(subject, inbox.to_owned(), request.to_string().into());
        sent.await.map_err(|error| PullError::Request(error.to_string()))
    }

    /// Queues a message as a delivery.
    fn dispatch(&self, message: Message, room: Option<Permit<'_, Delivery>>) {
        let message = JetStreamMessage { message, context: self.connection.context.clone() };
        let (Ok(info), Some(reply)) = (message.info(), message.message.reply.clone()) else {
            return;
        };
        let (deliveries, seq) = (u64::try_from(info.delivered).unwrap_or(1), info.stream_sequence);
        let (consumer, stream) = (self.consumer, self.stream.name());
        if deliveries > 1 {
            self.redeliveries.increment(1);
        }
        let ack = self.connection.acks.track(reply, deliveries);
        if !self.handles(&message.message) {
            if deliveries >= MAX_HANDOVERS {
                ack.acknowledge();
            }
            return;
        }
        let payload = message.message.payload.clone();
        let delivery = Delivery::received(payload, deliveries, move || ack.acknowledge());
        let envelope = delivery.envelope().map(AsRef::as_ref);
        let settings = &self.connection.settings;
        if let Some(reason) = origin::fault(settings, &message.message, Some(info.stream), envelope) {
            origin::report(consumer, stream, &message.message, reason);
            return delivery.ack();
        }
        if let Err(error) = &delivery.event {
            self.unreadable.increment(1);
            error!(consumer, stream, seq, %error, "an event cannot be read and becomes a dead letter");
        }
        match room {
            Some(room) => room.send(delivery),
            // Without room, or a subscription, this drops the delivery and so sends a nak.
            None => drop(self.queue.try_send(delivery)),
        }
    }

    /// Whether this release handles the message's subject.
    fn handles(&self, message: &Message) -> bool {
        self.subjects.iter().any(|subject| *self.connection.settings.subject(*subject) == *message.subject)
    }

    /// Ends the subscription and dispatches the messages in flight.
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
        let _ = timeout(self.connection.settings.options.close_timeout / 2, drained).await;
    }

    async fn stopped(&self) {
        tokio::select! {
            () = self.connection.stop.cancelled() => {}
            () = self.queue.closed() => {}
        }
    }
}
