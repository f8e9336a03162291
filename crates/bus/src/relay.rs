//! Empties an outbox into the bus.

mod backlog;
mod publish;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use common::{Envelope, Ids, SharedClock};
use futures::future::{BoxFuture, Fuse, FusedFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use metrics::{Gauge, counter, gauge};
use store::{Backend, OutboxEntry, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use self::backlog::{Backlog, Entry};
use self::publish::{RETRY, publish};
use crate::Bus;

/// How many entries are read at once.
const BATCH: usize = 256;

/// How often the whole outbox is read again, for what a crash or a late commit left behind the cursor.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// How long a stop waits for the bus to acknowledge what is on its way.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Publishes what enters an outbox: at once, in order within an aggregate and at the same time across aggregates. An
/// entry leaves the outbox after the bus has acknowledged it, so that it is published at least once.
pub struct Relay {
    service: &'static str,
    backend: Arc<dyn Backend>,
    bus: Arc<dyn Bus>,
    clock: SharedClock,
    ids: Ids,
}

impl Relay {
    /// A relay from this service's outbox to the bus. One relay a process.
    ///
    /// Where several processes share an outbox, each runs one. Nothing is lost by that, since an entry leaves only
    /// after an acknowledgement. Two of them may publish the same entry, which a bus recognises by the event's id or
    /// else delivers twice; and they do not wait for each other, so that an aggregate's next event may overtake one
    /// that another process has just committed. ConsumerLoop are idempotent by version and mind neither.
    pub fn new(
        service: &'static str,
        backend: Arc<dyn Backend>,
        bus: Arc<dyn Bus>,
        clock: SharedClock,
        ids: Ids,
    ) -> Self {
        Self { service, backend, bus, clock, ids }
    }

    /// Runs until it is stopped. Then it reads nothing new and waits, for a bounded time, for what is on its way; the
    /// rest stays in the outbox.
    pub async fn run(self, stop: CancellationToken) {
        let mut run = Run {
            relay: &self,
            stop: &stop,
            backlog: Backlog::default(),
            publishing: FuturesUnordered::new(),
            acknowledged: Vec::new(),
            unread: true,
            failures: 0,
            lag: gauge!("outbox_lag_seconds", "service" => self.service),
        };
        run.relay().await;
        run.flush().await;
    }
}

/// One thing asked of the store; one at a time, so that nothing is read that is just being taken out.
enum Turn {
    Read { after: u64, entries: Result<Vec<OutboxEntry>, StoreError> },
    Sent { count: usize, done: Result<(), StoreError> },
}

/// The state of a running relay. Nothing is spawned: dropping it drops all.
struct Run<'a> {
    relay: &'a Relay,
    stop: &'a CancellationToken,
    backlog: Backlog,
    publishing: FuturesUnordered<BoxFuture<'a, (Entry, bool)>>,
    /// What the bus has and the outbox still holds.
    acknowledged: Vec<u64>,
    /// Whether there may be something behind the cursor.
    unread: bool,
    /// How often the store has failed in a row.
    failures: u32,
    lag: Gauge,
}

impl<'a> Run<'a> {
    async fn relay(&mut self) {
        let Relay { backend, clock, .. } = self.relay;
        let mut turn = Fuse::terminated();
        let mut grew = backend.outbox_changed();
        let mut sweep = clock.sleep(SWEEP_EVERY);
        let mut stopped = pin!(self.stop.cancelled());
        loop {
            if turn.is_terminated() {
                turn = self.next_turn();
            }
            tokio::select! {
                () = &mut stopped => break,
                () = &mut grew => {
                    self.unread = true;
                    grew = backend.outbox_changed();
                }
                () = &mut sweep => {
                    self.backlog.rewind();
                    self.unread = true;
                    sweep = clock.sleep(SWEEP_EVERY);
                }
                Some(ended) = self.publishing.next() => self.all_published(ended),
                ended = &mut turn, if !turn.is_terminated() => self.turned(ended),
            }
            self.measure();
        }
    }

    /// What to ask of the store next: to take out what is done before reading more. After a failure, later.
    fn next_turn(&mut self) -> Fuse<BoxFuture<'a, Turn>> {
        let relay = self.relay;
        let delay = (self.failures > 0).then(|| RETRY.delay(self.failures, &relay.ids));
        let pause = async move {
            if let Some(delay) = delay {
                relay.clock.sleep(delay).await;
            }
        };
        if !self.acknowledged.is_empty() {
            let seqs = self.acknowledged.clone();
            let take_out = async move {
                pause.await;
                let count = seqs.len();
                Turn::Sent { count, done: relay.backend.mark_published(seqs).await }
            };
            take_out.boxed().fuse()
        } else if self.unread && self.backlog.has_room() {
            // What enters while it is being read is announced again.
            self.unread = false;
            let after = self.backlog.cursor();
            let read = async move {
                pause.await;
                let entries = relay.backend.outbox(after, BATCH).await;
                Turn::Read { after, entries }
            };
            read.boxed().fuse()
        } else {
            Fuse::terminated()
        }
    }

    fn turned(&mut self, turn: Turn) {
        let failed = match turn {
            Turn::Sent { count, done: Ok(()) } => {
                self.backlog.release(self.acknowledged.drain(..count));
                None
            }
            Turn::Sent { done: Err(error), .. } => Some(error),
            Turn::Read { after, entries: Ok(entries) } => {
                self.take_in(after, entries);
                None
            }
            Turn::Read { entries: Err(error), .. } => {
                self.unread = true;
                Some(error)
            }
        };
        self.failures = if failed.is_some() { self.failures.saturating_add(1) } else { 0 };
        if let Some(error) = failed {
            let (service, error): (_, &dyn std::error::Error) = (self.relay.service, &error);
            warn!(service, error, "the outbox does not answer; trying again");
        }
    }

    fn take_in(&mut self, after: u64, entries: Vec<OutboxEntry>) {
        // The cursor was set back while this was read: an earlier entry of the same aggregate may come first.
        if after != self.backlog.cursor() {
            self.unread = true;
            return;
        }
        self.unread |= entries.len() == BATCH;
        for OutboxEntry { seq, event } in entries {
            if !self.backlog.has_room() {
                self.unread = true;
                return;
            }
            self.backlog.advance(seq);
            if self.backlog.holds(seq) {
                continue;
            }
            match serde_json::from_str::<Envelope>(&event) {
                Ok(event) => {
                    let ready = self.backlog.enter(Entry { seq, event: Arc::new(event) });
                    self.publish(ready);
                }
                Err(error) => self.unreadable(seq, &error),
            }
        }
    }

    /// It stays in the outbox, and every sweep speaks of it, until a release that can read it or an operator comes.
    fn unreadable(&self, seq: u64, error: &serde_json::Error) {
        let service = self.relay.service;
        counter!("outbox_unreadable_total", "service" => service).increment(1);
        // The words of the error may repeat the data; its place does not.
        let (kind, column) = (error.classify(), error.column());
        error!(service, seq, ?kind, column, "an entry of the outbox cannot be read; it stays there");
    }

    fn publish(&mut self, ready: Option<Entry>) {
        if let Some(entry) = ready {
            self.publishing.push(publish(self.relay, entry, self.stop).boxed());
        }
    }

    /// Takes note of one and of all others that have ended, too: acknowledgements come in bursts, and leave the outbox
    /// together.
    fn all_published(&mut self, first: (Entry, bool)) {
        let mut ended = Some(first);
        while let Some((entry, published)) = ended {
            self.published(&entry, published);
            ended = self.publishing.next().now_or_never().flatten();
        }
    }

    fn published(&mut self, entry: &Entry, published: bool) {
        if !published {
            return;
        }
        self.acknowledged.push(entry.seq);
        let before = self.backlog.cursor();
        let next = self.backlog.acknowledged(entry.event.aggregate);
        self.unread |= self.backlog.cursor() != before;
        if !self.stop.is_cancelled() {
            self.publish(next);
        }
    }

    fn measure(&self) {
        let lag = self.backlog.oldest().map_or(Duration::ZERO, |oldest| self.relay.clock.now() - oldest);
        self.lag.set(lag.as_secs_f64());
    }

    /// Waits for what is on its way and takes it out.
    async fn flush(&mut self) {
        let over = self.relay.clock.sleep(STOP_WITHIN);
        let ended = async {
            while let Some((entry, published)) = self.publishing.next().await {
                self.published(&entry, published);
            }
        };
        tokio::select! {
            biased;
            () = ended => {}
            () = over => warn!(service = self.relay.service, "the bus did not acknowledge everything before the stop"),
        }
        if self.acknowledged.is_empty() {
            return;
        }
        if let Err(error) = self.relay.backend.mark_published(std::mem::take(&mut self.acknowledged)).await {
            let (service, error): (_, &dyn std::error::Error) = (self.relay.service, &error);
            warn!(service, error, "published events stay in the outbox; they will be published again");
        }
    }
}
