//! The relay from an outbox to the bus.

use std::collections::BTreeMap;
use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Backoff, Envelope, Ids, SharedClock, Time};
use futures::future::{BoxFuture, Fuse, FusedFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use metrics::{Gauge, counter, gauge};
use store::{Backend, OutboxEntry, StoreError, UnreadableDocument};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};
use uuid::Uuid;

use crate::port::Bus;
use crate::raw_event::RawEvent;

/// Entries in one read.
const MAX_BATCH: usize = 256;

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
        Self { service, backend, bus, clock, ids, failing: AtomicBool::new(false) }
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
            unread: true,
            failures: 0,
            lag: gauge!("outbox_lag_seconds", "service" => self.service),
        };
        run.relay().await;
        run.flush().await;
    }

    /// Publishes an entry, with retries. Returns its sequence number, and `false` if the relay is stopped before the bus
    /// acknowledges it.
    async fn publish(&self, seq: u64, event: Arc<Envelope>, stop: &CancellationToken) -> (u64, bool) {
        let (service, subject) = (self.service, event.subject().as_str());
        for failures in 1_u32.. {
            let Err(error) = self.bus.publish(Arc::clone(&event)).await else {
                self.failing.store(false, Ordering::Relaxed);
                counter!("outbox_published_total", "service" => service, "subject" => subject).increment(1);
                return (seq, true);
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
            if stop.run_until_cancelled(self.clock.sleep(delay)).await.is_none() {
                break;
            }
        }
        (seq, false)
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

/// The result of a store call. There is one call at a time, so that no entry is read while it is being marked.
enum StoreResult {
    Read { after: u64, entries: Result<Vec<OutboxEntry>, StoreError> },
    Marked { count: usize, result: Result<(), StoreError> },
}

/// The state of a running relay. Nothing is spawned: dropping this drops all.
struct Run<'a> {
    relay: &'a Relay,
    stop: &'a CancellationToken,
    /// The commit times of the entries that are in flight, or acknowledged and still in the outbox.
    buffered: BTreeMap<u64, Time>,
    /// The sequence number up to which the outbox was read.
    cursor: u64,
    publishing: FuturesUnordered<BoxFuture<'a, (u64, bool)>>,
    /// Entries that the bus has acknowledged and the outbox still contains.
    acknowledged: Vec<u64>,
    /// Whether there may be entries after the cursor.
    unread: bool,
    /// Failures of the store in a row.
    failures: u32,
    lag: Gauge,
}

impl<'a> Run<'a> {
    async fn relay(&mut self) {
        let Relay { backend, clock, .. } = self.relay;
        let mut store_call = Fuse::terminated();
        let mut changed = backend.outbox_changed();
        let mut sweep = clock.sleep(SWEEP_INTERVAL);
        let mut stopped = pin!(self.stop.cancelled());
        loop {
            if store_call.is_terminated() {
                store_call = self.next_store_call();
            }
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
                result = &mut store_call, if !store_call.is_terminated() => self.on_store_result(result),
            }
            self.measure();
        }
    }

    /// The next store call: acknowledged entries are marked before more are read. After a failure, with backoff.
    fn next_store_call(&mut self) -> Fuse<BoxFuture<'a, StoreResult>> {
        let relay = self.relay;
        let delay = (self.failures > 0).then(|| RETRY_BACKOFF.delay(self.failures, &relay.ids));
        let backoff = async move {
            if let Some(delay) = delay {
                relay.clock.sleep(delay).await;
            }
        };
        if !self.acknowledged.is_empty() {
            let seqs = self.acknowledged.clone();
            let mark = async move {
                backoff.await;
                let count = seqs.len();
                StoreResult::Marked { count, result: relay.backend.mark_published(seqs).await }
            };
            mark.boxed().fuse()
        } else if self.unread && self.has_room() {
            // An entry committed during the read signals `outbox_changed` again.
            self.unread = false;
            let after = self.cursor;
            let read = async move {
                backoff.await;
                let entries = relay.backend.outbox(after, MAX_BATCH).await;
                StoreResult::Read { after, entries }
            };
            read.boxed().fuse()
        } else {
            Fuse::terminated()
        }
    }

    fn has_room(&self) -> bool {
        self.buffered.len() < self.relay.bus.max_in_flight()
    }

    fn on_store_result(&mut self, result: StoreResult) {
        let failed = match result {
            StoreResult::Marked { count, result: Ok(()) } => {
                for seq in self.acknowledged.drain(..count) {
                    self.buffered.remove(&seq);
                }
                None
            }
            StoreResult::Marked { result: Err(error), .. } => Some(error),
            StoreResult::Read { after, entries: Ok(entries) } => {
                self.publish(after, entries);
                None
            }
            StoreResult::Read { entries: Err(error), .. } => {
                self.unread = true;
                Some(error)
            }
        };
        self.failures = if failed.is_some() { self.failures.saturating_add(1) } else { 0 };
        if let Some(error) = failed {
            let (service, error): (_, &dyn Error) = (self.relay.service, &error);
            warn!(service, error, "the outbox is unavailable; retrying");
        }
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
                    self.publishing.push(self.relay.publish(seq, Arc::new(event), self.stop).boxed());
                }
                Err(error) => self.report_unreadable(seq, &error),
            }
        }
    }

    /// The entry stays in the outbox for a release that can read it, or for an operator. Every sweep reports it.
    fn report_unreadable(&self, seq: u64, error: &serde_json::Error) {
        let service = self.relay.service;
        counter!("outbox_unreadable_total", "service" => service).increment(1);
        // The error's message may repeat the data; its position does not.
        let (kind, column) = (error.classify(), error.column());
        error!(service, seq, ?kind, column, "an outbox entry cannot be read and stays in the outbox");
    }

    /// Notes one ended publication and all others that have ended: acknowledgements come in bursts, and one call marks
    /// them together.
    fn all_published(&mut self, first: (u64, bool)) {
        let mut ended = Some(first);
        while let Some((seq, published)) = ended {
            if published {
                self.acknowledged.push(seq);
            }
            ended = self.publishing.next().now_or_never().flatten();
        }
    }

    fn measure(&self) {
        let oldest = self.buffered.first_key_value();
        let lag = oldest.map_or(Duration::ZERO, |(_, oldest)| self.relay.clock.now() - *oldest);
        self.lag.set(lag.as_secs_f64());
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
        if let Err(error) = self.relay.backend.mark_published(std::mem::take(&mut self.acknowledged)).await {
            let (service, error): (_, &dyn Error) = (self.relay.service, &error);
            warn!(service, error, "published events stay in the outbox and will be published again");
        }
    }
}
