//! The relay from an outbox to the bus.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::event::Subject;
use common::{Backoff, Envelope, Ids, SharedClock, Time, trace};
use futures::future::{BoxFuture, Fuse, FusedFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use metrics::{Counter, Gauge, counter, gauge};
use store::{Backend, OutboxEntry, StoreError, UnreadableDocument};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, debug_span, error, field, warn};
use uuid::Uuid;

use crate::port::Bus;
use crate::raw_event::{RawEvent, UnreadableEvent};
use crate::stream::Stream;

/// Entries in one read.
const MAX_BATCH: usize = 256;

/// Entries that one call marks, which bounds the time for which it occupies the database.
const MAX_MARKED: usize = 4096;

/// Acknowledged entries that are not marked yet. While there are more, the relay reads no further ones.
const MAX_ACKNOWLEDGED: usize = 65_536;

/// The interval at which the whole outbox is read again, for entries that a crash or a late commit left behind the
/// cursor.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);

/// The time that a stop leaves the bus to acknowledge the events in flight.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// The delays between two attempts to publish the same entry, and between two calls of a failing store.
const RETRY_BACKOFF: Backoff = Backoff { first: Duration::from_millis(50), max: Duration::from_secs(30) };

/// Publishes the entries of an outbox at once: starts in their order, and waits for no acknowledgement before the next, so
/// that a consumer that is stuck delays no other. At most [`Bus::max_in_flight`] wait for their acknowledgement. An entry
/// leaves the outbox after that, so it is published at least once.
///
/// A publication that is retried, or repeated after a crash, may be overtaken by later events of its aggregate: consumers
/// compare the version.
pub struct Relay {
    service: &'static str,
    backend: Arc<dyn Backend>,
    bus: Arc<dyn Bus>,
    clock: SharedClock,
    ids: Ids,
    /// Whether the last attempt to publish has failed. One outage is one line of the log, not one for each entry.
    failing: AtomicBool,
    published: HashMap<Subject, Counter>,
}

impl Relay {
    /// A relay from this service's outbox to the bus. One relay a process.
    ///
    /// Processes that share an outbox run one relay each. No event is lost by that, since an entry leaves only after an
    /// acknowledgement. Two relays may publish the same entry, which a bus recognizes by the event's id or else delivers
    /// twice.
    pub fn new(
        service: &'static str,
        backend: Arc<dyn Backend>,
        bus: Arc<dyn Bus>,
        clock: SharedClock,
        ids: Ids,
    ) -> Self {
        let published = |subject: Subject| counter!("outbox_published_total", "service" => service, "subject" => subject.as_str());
        let of_service = |subject: &&Subject| Stream::of(**subject).service() == service;
        let published = Subject::ALL.iter().filter(of_service).map(|subject| (*subject, published(*subject)));
        let (published, failing) = (published.collect(), AtomicBool::new(false));
        // Registered here, so that an alert sees its first increment.
        counter!("outbox_unreadable_total", "service" => service).increment(0);
        Self { service, backend, bus, clock, ids, failing, published }
    }

    /// Runs until `stop`. Then the relay reads no more and waits, for a bounded time, for the events in flight; the
    /// other entries stay in the outbox.
    pub async fn run(self, stop: CancellationToken) {
        let mut run = Run {
            relay: &self,
            stop: &stop,
            buffered: BTreeMap::new(),
            cursor: 0,
            publishing: FuturesUnordered::new(),
            acknowledged: Vec::new(),
            marked: Vec::new(),
            unread: true,
            lag: gauge!("outbox_lag_seconds", "service" => self.service),
            entries: gauge!("outbox_entries", "service" => self.service),
        };
        run.relay().await;
        run.flush().await;
    }

    /// Publishes an entry, with retries. Returns its sequence number, or `None` if the relay is stopped before the bus
    /// acknowledges it.
    async fn publish(&self, seq: u64, event: Arc<Envelope>, stop: &CancellationToken) -> Option<u64> {
        let (service, subject) = (self.service, event.subject().as_str());
        for failures in 1_u32.. {
            let Err(error) = self.bus.publish(Arc::clone(&event)).await else {
                self.failing.store(false, Ordering::Relaxed);
                if let Some(published) = self.published.get(&event.subject()) {
                    published.increment(1);
                }
                return Some(seq);
            };
            counter!("outbox_publish_failures_total", "service" => service, "subject" => subject)
                .increment(1);
            let id = event.id;
            if self.failing.swap(true, Ordering::Relaxed) {
                debug!(service, subject, event = %id, %error, "another event could not be published; retrying");
            } else {
                warn!(service, subject, event = %id, %error, "an event could not be published; retrying");
            }
            let delay = RETRY_BACKOFF.delay(failures, &self.ids);
            stop.run_until_cancelled(self.clock.sleep(delay)).await?;
        }
        None
    }

    /// Calls the store until a call succeeds, with backoff.
    async fn retry<'a, T>(&self, call: impl Fn() -> BoxFuture<'a, Result<T, StoreError>>) -> T {
        let mut failures = 0_u32;
        loop {
            let error = match call().await {
                Ok(result) => return result,
                Err(error) => error,
            };
            let service = self.service;
            warn!(service, error = &error as &dyn Error, "the outbox is unavailable; retrying");
            failures = failures.saturating_add(1);
            self.clock.sleep(RETRY_BACKOFF.delay(failures, &self.ids)).await;
        }
    }
}

/// Passes each entry of an outbox that this release cannot read to `found`, as a document of the collection `outbox` with the
/// id of its aggregate.
///
/// # Errors
/// The database failed.
pub async fn find_unreadable_entries(
    backend: &dyn Backend,
    collections: &[&'static str],
    mut found: impl FnMut(UnreadableDocument) + Send,
) -> Result<(), StoreError> {
    let mut check = |document: Option<Uuid>, event: &str| {
        let event = RawEvent::new(event.as_bytes());
        if let Err(error) = event.envelope() {
            let id = event.aggregate().or(document).unwrap_or_else(|| event.id());
            found(UnreadableDocument { collection: "outbox", id, reason: error.to_string() });
        }
    };
    backend.scan_outbox(collections, &mut check).await
}

/// The state of a running relay. Nothing is spawned: dropping this drops all.
struct Run<'a> {
    relay: &'a Relay,
    stop: &'a CancellationToken,
    /// The commit times of the entries that are in flight, or acknowledged and perhaps still in the outbox.
    buffered: BTreeMap<u64, Time>,
    /// The sequence number up to which the outbox was read.
    cursor: u64,
    publishing: FuturesUnordered<BoxFuture<'a, Option<u64>>>,
    /// Entries that the bus has acknowledged and the outbox still contains.
    acknowledged: Vec<u64>,
    /// Entries that have left the outbox. A read that was in progress meanwhile may still find them.
    marked: Vec<u64>,
    /// Whether there may be entries after the cursor.
    unread: bool,
    lag: Gauge,
    entries: Gauge,
}

impl<'a> Run<'a> {
    async fn relay(&mut self) {
        let Relay { backend, clock, .. } = self.relay;
        let (mut reading, mut marking) = (Fuse::terminated(), Fuse::terminated());
        let mut changed = backend.outbox_changed();
        let mut sweep = clock.sleep(SWEEP_INTERVAL);
        let mut stopped = pin!(self.stop.cancelled());
        loop {
            if reading.is_terminated() {
                for seq in self.marked.drain(..) {
                    self.buffered.remove(&seq);
                }
                if self.unread && self.has_room() {
                    // An entry committed during the read signals `outbox_changed` again.
                    self.unread = false;
                    reading = self.read();
                }
            }
            if marking.is_terminated() && !self.acknowledged.is_empty() {
                marking = self.mark();
            }
            self.measure();
            tokio::select! {
                () = &mut stopped => break,
                () = &mut changed => {
                    self.unread = true;
                    changed = backend.outbox_changed();
                }
                () = &mut sweep => {
                    self.cursor = 0;
                    self.unread = true;
                    sweep = clock.sleep(SWEEP_INTERVAL);
                }
                Some(ended) = self.publishing.next() => self.all_published(ended),
                (after, entries) = &mut reading, if !reading.is_terminated() => self.publish(after, entries),
                count = &mut marking, if !marking.is_terminated() => {
                    self.marked.extend(self.acknowledged.drain(..count));
                }
            }
        }
    }

    /// Reads entries behind the cursor. Returns that cursor, too.
    fn read(&self) -> Fuse<BoxFuture<'a, (u64, Vec<OutboxEntry>)>> {
        let (relay, after) = (self.relay, self.cursor);
        let read = async move { (after, relay.retry(|| relay.backend.outbox(after, MAX_BATCH)).await) };
        read.boxed().fuse()
    }

    /// Marks acknowledged entries. Returns their number.
    fn mark(&self) -> Fuse<BoxFuture<'a, usize>> {
        let relay = self.relay;
        let seqs: Vec<_> = self.acknowledged.iter().take(MAX_MARKED).copied().collect();
        let mark = async move {
            relay.retry(|| relay.backend.mark_published(&seqs)).await;
            seqs.len()
        };
        mark.boxed().fuse()
    }

    fn has_room(&self) -> bool {
        self.publishing.len() < self.relay.bus.max_in_flight() && self.acknowledged.len() < MAX_ACKNOWLEDGED
    }

    /// Starts to publish entries that were read behind `after`.
    fn publish(&mut self, after: u64, entries: Vec<OutboxEntry>) {
        // A sweep has set the cursor back during this read.
        if after != self.cursor {
            self.unread = true;
            return;
        }
        self.unread |= entries.len() == MAX_BATCH;
        for OutboxEntry { seq, event } in entries {
            if !self.has_room() {
                self.unread = true;
                return;
            }
            self.cursor = seq;
            if self.buffered.contains_key(&seq) {
                continue;
            }
            match serde_json::from_str::<Envelope>(&event) {
                Ok(event) => {
                    self.buffered.insert(seq, event.time);
                    let (service, subject) = (self.relay.service, event.subject().as_str());
                    let span =
                        debug_span!("publish", service, subject, event = %event.id, trace = field::Empty);
                    trace::follow(&span, event.trace.as_deref());
                    let publish = self.relay.publish(seq, Arc::new(event), self.stop).instrument(span);
                    self.publishing.push(publish.boxed());
                }
                // The entry stays for a release that can read it, or for an operator. Every sweep reports it.
                Err(error) => {
                    let (service, error) = (self.relay.service, UnreadableEvent::new(&error));
                    counter!("outbox_unreadable_total", "service" => service).increment(1);
                    error!(service, seq, %error, "an outbox entry cannot be read and stays in the outbox");
                }
            }
        }
    }

    /// Notes one ended publication and all others that have ended: acknowledgements come in bursts, and one call marks
    /// them together.
    fn all_published(&mut self, first: Option<u64>) {
        let mut ended = Some(first);
        while let Some(published) = ended {
            self.acknowledged.extend(published);
            ended = self.publishing.next().now_or_never().flatten();
        }
    }

    /// Sets the gauges of the outbox. Entries that the relay has not read, because too many are in flight, do not count.
    fn measure(&self) {
        let oldest = self.buffered.first_key_value();
        let lag = oldest.map_or(Duration::ZERO, |(_, oldest)| self.relay.clock.now() - *oldest);
        self.lag.set(lag.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        self.entries.set(self.buffered.len() as f64);
    }

    /// Waits for the events in flight and marks the acknowledged ones.
    async fn flush(&mut self) {
        let timeout = self.relay.clock.sleep(STOP_TIMEOUT);
        let ended = async {
            while let Some(ended) = self.publishing.next().await {
                self.all_published(ended);
            }
        };
        tokio::select! {
            biased;
            () = ended => {}
            () = timeout => {
                warn!(service = self.relay.service, "the bus did not acknowledge every event before the stop timeout");
            }
        }
        if self.acknowledged.is_empty() {
            return;
        }
        if let Err(error) = self.relay.backend.mark_published(&self.acknowledged).await {
            let (service, error): (_, &dyn Error) = (self.relay.service, &error);
            warn!(service, error, "published events stay in the outbox and will be published again");
        }
    }
}
