//! What one consumer hears of one stream: asked for as there is room, so that nothing waits unseen.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Message as Pulled;
use async_nats::{Message, StatusCode, Subscriber};
use common::event::Subject;
use common::{Backoff, Envelope};
use futures::StreamExt;
use metrics::counter;
use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::{error, info, warn};

use super::Shared;
use super::connect::see_to_stream;
use super::settings::{MOST_HELD, Owner};
use crate::Delivery;

/// How long a request for events stands. A new one follows.
const ASKED_FOR: Duration = Duration::from_secs(30);

/// How often the server says that it has nothing. Silence for twice as long means that it has forgotten the request.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long the end of a subscription waits for what was on its way to it.
const DRAINED_WITHIN: Duration = Duration::from_secs(1);

/// The delays between two tries to begin.
const RETRY: Backoff = Backoff { first: Duration::from_millis(50), max: Duration::from_secs(10) };

/// Why hearing a stream ended before it was told to.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the consumer could not be created: {0}")]
    Consumer(String),
    #[error("NATS could not be asked: {0}")]
    Ask(String),
    #[error("NATS ended it: {0}")]
    Ended(String),
    #[error("NATS has fallen silent")]
    Silent,
    #[error("the connection was lost")]
    Lost,
}

/// The pulling side of one durable consumer. Every process of a service has one; the server shares out the events.
pub(super) struct Pull {
    shared: Arc<Shared>,
    consumer: &'static str,
    owner: Owner,
    subjects: BTreeSet<Subject>,
    queue: UnboundedSender<Delivery>,
    /// Seats for deliveries that are not answered yet.
    room: Arc<Semaphore>,
}

impl Pull {
    pub(super) fn new(
        shared: Arc<Shared>,
        consumer: &'static str,
        owner: Owner,
        subjects: &[Subject],
        queue: UnboundedSender<Delivery>,
    ) -> Self {
        let subjects = subjects.iter().copied().filter(|subject| Owner::of(*subject) == owner).collect();
        Self { shared, consumer, owner, subjects, queue, room: Arc::new(Semaphore::new(MOST_HELD.into())) }
    }

    /// Runs until the bus is closed or nobody listens any more.
    pub(super) async fn run(self) {
        let mut failures = 0_u32;
        while !self.is_over() {
            let Err(broken) = self.hear(&mut failures).await else { return };
            let (consumer, stream) = (self.consumer, self.owner.name());
            if matches!(broken, Broken::Lost) {
                info!(consumer, stream, "listening again once the connection is back");
                continue;
            }
            failures = failures.saturating_add(1);
            warn!(consumer, stream, error = %broken, "events do not come; trying again");
            let delay = self.shared.clock.sleep(RETRY.delay(failures, &self.shared.ids));
            tokio::select! {
                () = self.over() => return,
                () = delay => {}
            }
        }
    }

    /// Hears until it is over, or until it has to begin anew.
    async fn hear(&self, failures: &mut u32) -> Result<(), Broken> {
        let subscribe = async {
            let standing = self.shared.connected().await;
            self.see_to_consumer().await?;
            let inbox = self.shared.client.new_inbox();
            let messages = self.shared.client.subscribe(inbox.clone()).await;
            Ok((standing, inbox, messages.map_err(|error| Broken::Ask(error.to_string()))?))
        };
        let (mut standing, inbox, mut messages) = tokio::select! {
            () = self.over() => return Ok(()),
            begun = subscribe => begun?,
        };
        let ended = tokio::select! {
            biased;
            () = self.over() => Ok(()),
            ended = self.ask_and_take(&mut messages, &inbox, failures) => ended,
            () = standing.lost() => Err(Broken::Lost),
        };
        self.drain(messages).await;
        ended
    }

    /// Creates the durable consumer, or changes it to what this release listens to; and its stream, if somebody has
    /// removed that.
    async fn see_to_consumer(&self) -> Result<(), Broken> {
        let Shared { context, settings, .. } = &*self.shared;
        let subjects: Vec<_> = self.subjects.iter().copied().collect();
        let config = settings.consumer(self.consumer, self.owner, &subjects);
        let stream = settings.stream_name(self.owner);
        if context.create_consumer_on_stream(config.clone(), &stream).await.is_ok() {
            return Ok(());
        }
        let seen_to = see_to_stream(context, settings, self.owner).await;
        seen_to.map_err(|error| Broken::Consumer(error.to_string()))?;
        let created = context.create_consumer_on_stream(config, &stream).await;
        created.map(|_| ()).map_err(|error| Broken::Consumer(error.to_string()))
    }

    /// Asks for as many events as there is room for, takes them, and asks again.
    async fn ask_and_take(
        &self,
        messages: &mut Subscriber,
        inbox: &str,
        failures: &mut u32,
    ) -> Result<(), Broken> {
        loop {
            let mut room = self.room().await;
            self.ask(inbox, room.num_permits()).await?;
            let (mut heard, mut patience) = (true, self.shared.clock.sleep(2 * HEARTBEAT));
            while room.num_permits() > 0 {
                let message = tokio::select! {
                    biased;
                    message = messages.next() => message.ok_or_else(|| Broken::Ended("closed".to_owned()))?,
                    () = &mut patience => {
                        if !std::mem::take(&mut heard) {
                            return Err(Broken::Silent);
                        }
                        patience = self.shared.clock.sleep(2 * HEARTBEAT);
                        continue;
                    }
                };
                (heard, *failures) = (true, 0);
                match message.status {
                    None | Some(StatusCode::OK) => self.take(message, room.split(1)),
                    Some(StatusCode::IDLE_HEARTBEAT) => {}
                    // It stood for long enough.
                    Some(StatusCode::TIMEOUT | StatusCode::NOT_FOUND) => break,
                    Some(status) => {
                        let words = message.description.unwrap_or_default();
                        return Err(Broken::Ended(format!("{status} {words}")));
                    }
                }
            }
        }
    }

    /// All the room there is, once there is any.
    async fn room(&self) -> OwnedSemaphorePermit {
        let room = Arc::clone(&self.room);
        let Ok(mut seats) = room.acquire_owned().await else {
            unreachable!("nobody closes it");
        };
        let rest = u32::try_from(self.room.available_permits()).unwrap_or(0);
        if let Ok(rest) = Arc::clone(&self.room).try_acquire_many_owned(rest) {
            seats.merge(rest);
        }
        seats
    }

    /// <https://docs.nats.io/reference/reference-protocols/nats_api_reference#consumers>
    async fn ask(&self, inbox: &str, most: usize) -> Result<(), Broken> {
        let stream = self.shared.settings.stream_name(self.owner);
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{}", self.consumer);
        let (expires, idle_heartbeat) = (nanos(ASKED_FOR), nanos(HEARTBEAT));
        let wanted = json!({ "batch": most, "expires": expires, "idle_heartbeat": idle_heartbeat });
        let asked =
            self.shared.client.publish_with_reply(subject, inbox.to_owned(), wanted.to_string().into());
        asked.await.map_err(|error| Broken::Ask(error.to_string()))
    }

    /// Hands a message on as a delivery.
    fn take(&self, message: Message, seat: Option<OwnedSemaphorePermit>) {
        let pulled = Pulled { message, context: self.shared.context.clone() };
        let (Ok(info), Some(reply)) = (pulled.info(), pulled.message.reply.clone()) else {
            return;
        };
        let (times, place) = (u64::try_from(info.delivered).unwrap_or(1), info.stream_sequence);
        let (consumer, stream) = (self.consumer, self.owner.name());
        if times > 1 {
            counter!("bus_redeliveries_total", "consumer" => consumer, "stream" => stream).increment(1);
        }
        let held = self.shared.answers.hold(reply, times, seat);
        match serde_json::from_slice::<Envelope>(&pulled.message.payload) {
            Ok(event) => {
                let delivery = Delivery::new(Arc::new(event), times, move || held.acknowledge());
                // If nobody listens any more, this drops it, which gives it back.
                self.queue.send(delivery).ok();
            }
            // Given back, ever more seldom, for a release that can read it or an operator.
            Err(error) => {
                counter!("bus_unreadable_total", "consumer" => consumer, "stream" => stream).increment(1);
                // The words of the error may repeat the data; its place does not.
                let (kind, column) = (error.classify(), error.column());
                error!(
                    consumer,
                    stream,
                    place,
                    times,
                    ?kind,
                    column,
                    "an event cannot be read; it stays there"
                );
            }
        }
    }

    /// Ends the subscription, and takes what was on its way to it: otherwise that would come again only after
    /// [`ack_wait`](super::Options::ack_wait).
    async fn drain(&self, mut messages: Subscriber) {
        let drained = async {
            if messages.drain().await.is_ok() {
                while let Some(message) = messages.next().await {
                    if message.status.is_none_or(|status| status == StatusCode::OK) {
                        self.take(message, None);
                    }
                }
            }
        };
        // What comes even later comes again.
        let _ = timeout(DRAINED_WITHIN, drained).await;
    }

    fn is_over(&self) -> bool {
        self.shared.stop.is_cancelled() || self.queue.is_closed()
    }

    async fn over(&self) {
        tokio::select! {
            () = self.shared.stop.cancelled() => {}
            () = self.queue.closed() => {}
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
