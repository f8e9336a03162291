//! The relay into JetStream against the bare client that publishes the same events.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_nats::jetstream::context::ContextBuilder;
use async_nats::jetstream::message::PublishMessage;
use bus::jetstream::{Address, Options};
use bus::{Bus, BusError, Delivery, JetStream, Lagged, Relay};
use common::event::Subject;
use common::{Envelope, Event, EventId, Ids, SharedClock};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{BoxStream, FuturesUnordered, StreamExt};
use loadgen::Stopwatch;
use servers::{ServerLocation, nats};
use store::Store;
use store::sqlite::SqliteBackend;
use tokio_util::sync::CancellationToken;

use crate::commits::{clock_and_ids, commit_all, orders};
use crate::figures::{self, Goal, median};
use crate::program::{Failure, folder};

const ROUNDS: usize = 7;
/// Events in a round.
const EVENTS: usize = 10_000;
/// Unacknowledged events: as many as the relay has in flight.
const MAX_IN_FLIGHT: usize = 1024;
const PREFIX: &str = "bench";
const GOAL: Goal = Goal::AtLeast(0.5);

pub(crate) async fn measure() -> Result<(), Failure> {
    // The server's own temporary folder may be in memory.
    let folder = folder()?;
    let server = nats::start(ServerLocation::folder(folder.path().join("nats")))?;
    let (clock, ids) = clock_and_ids();
    let options = Options { prefix: PREFIX.to_owned(), ..Options::default() };
    let address: Address = server.url().parse()?;
    let bus = JetStream::connect(&address, options, Arc::clone(&clock), ids.clone()).await?;
    let client = async_nats::connect(server.url()).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (relayed, bare) = (relayed(&bus, &clock, &ids).await?, published(&client, &clock, &ids).await?);
        // The first round is a warm-up.
        if round > 0 {
            ours.push(relayed);
            theirs.push(bare);
        }
    }
    bus.close().await;
    let (ours, theirs) = (median(&ours), median(&theirs));
    figures::title(&format!("relay: an outbox of {EVENTS} events into JetStream (files), {ROUNDS} rounds"));
    figures::goal(ours / theirs, "", GOAL, "of the events/s of the bare client, pipelined and acknowledged");
    figures::note(&format!(
        "relay {ours:.0}/s, out of a SQLite database in memory; bare {theirs:.0}/s, serialized beforehand"
    ));
    Ok(())
}

/// Relays a full outbox until it is empty. Returns events per second.
async fn relayed(bus: &Arc<JetStream>, clock: &SharedClock, ids: &Ids) -> Result<f64, Failure> {
    let store = Store::new(SqliteBackend::in_memory()?, Arc::clone(clock), ids.clone());
    commit_all(&store, ids, EVENTS, 64).await?;
    let stop = CancellationToken::new();
    let bus = Arc::new(Counting { bus: Arc::clone(bus), left: AtomicUsize::new(EVENTS), done: stop.clone() });
    let backend = Arc::clone(store.backend());
    let relay = Relay::new("orders", Arc::clone(&backend), bus, Arc::clone(clock), ids.clone());
    let watch = Stopwatch::start();
    // The relay marks the last events as published before it ends.
    relay.run(stop).await;
    let rate = watch.per_second(EVENTS);
    if !backend.outbox(0, 1).await?.is_empty() {
        return Err("the relay left events in the outbox".into());
    }
    backend.close().await;
    Ok(rate)
}

/// Publishes as many events as fast as the client can. Returns events per second.
async fn published(client: &async_nats::Client, clock: &SharedClock, ids: &Ids) -> Result<f64, Failure> {
    let context = ContextBuilder::new().max_ack_inflight(MAX_IN_FLIGHT).build(client.clone());
    let subject = format!("{PREFIX}.{}", Subject::OrderCreated);
    let mut messages = Vec::new();
    for order in orders(ids, EVENTS) {
        let id = ids.next::<EventId>();
        let envelope = Envelope {
            id,
            schema: Subject::OrderCreated.schema(),
            aggregate: order.id.into(),
            version: order.version,
            time: clock.now(),
            trace: None,
            event: Event::OrderCreated(order),
        };
        let payload = serde_json::to_vec(&envelope)?;
        messages.push(PublishMessage::build().message_id(id.to_string()).payload(payload.into()));
    }
    let watch = Stopwatch::start();
    let mut in_flight = FuturesUnordered::new();
    for message in messages {
        if in_flight.len() == MAX_IN_FLIGHT {
            in_flight.next().await.transpose()?;
        }
        let sent = context.send_publish(subject.clone(), message).await?;
        in_flight.push(sent.into_future());
    }
    while let Some(acknowledged) = in_flight.next().await {
        acknowledged?;
    }
    Ok(watch.per_second(EVENTS))
}

/// A bus that stops the relay with the last event.
struct Counting {
    bus: Arc<JetStream>,
    left: AtomicUsize,
    done: CancellationToken,
}

impl Bus for Counting {
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        async {
            self.bus.publish(event).await?;
            if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
                self.done.cancel();
            }
            Ok(())
        }
        .boxed()
    }

    fn subscribe(
        &self,
        consumer: &'static str,
        subjects: &'static [Subject],
    ) -> BoxStream<'static, Delivery> {
        self.bus.subscribe(consumer, subjects)
    }

    fn live(&self, subjects: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>> {
        self.bus.live(subjects)
    }
}
