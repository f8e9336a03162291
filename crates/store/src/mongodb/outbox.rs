//! The outbox: events in the documents until the bus has acknowledged them. Memory holds those that this process has
//! committed, so that its relay needs no read. A scan of the documents finds those that another process left behind, or
//! that memory had no room for.
//!
//! Published events leave a document with its next commit, or are pruned after a moment.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use common::{Ids, SharedClock, Time};
use futures::TryStreamExt;
use metrics::gauge;
use mongodb::bson::{Binary, RawDocument, RawDocumentBuf, doc};
use mongodb::options::WriteConcern;
use mongodb::{Collection, Cursor};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tracing::{error, warn};
use uuid::Uuid;

use super::calls::{CALL_TIMEOUT, call};
use super::collections::{CollectionHandle, Collections};
use super::json;
use super::layout::{self, Origin, StoredEvent};
use crate::{CommitError, EventReceiver, OutboxEntry, StoreError};

/// Events in memory, until the bus has acknowledged them and they are pruned. Further events stay where all of them are: in their documents.
const MAX_QUEUED: usize = 4096;

/// An event is left so long to the process that committed it. By then it was published and pruned, or that process is
/// failing or gone.
const TAKEOVER_DELAY: Duration = Duration::from_secs(10);

/// An idle relay reads from the start after each commit, though memory holds that commit anyway; this bounds how often
/// that scans the documents.
const SWEEP_INTERVAL: Duration = Duration::from_secs(20);

/// The delay of an update that prunes: others gather meanwhile, and most leave with the next commits of their documents. Far
/// below [`TAKEOVER_DELAY`].
pub(super) const PRUNE_DELAY: Duration = Duration::from_secs(1);

/// Documents in one answer of the server.
const BATCH_SIZE: u32 = 256;

/// Events in one update that prunes them, which bounds the size of the command.
const MAX_PRUNED: usize = 512;

/// The events of a commit.
pub(super) struct CommittedEvents {
    pub(super) origin: Origin,
    /// The version of the document before it.
    pub(super) expected: u64,
    /// The version after it; `None`: it removes the document.
    pub(super) version: Option<u64>,
    pub(super) events: Vec<StoredEvent>,
}

/// The change that a commit has made to the outbox of its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutboxChange {
    /// The outbox contains the events of this commit alone.
    Replaced,
    /// The events were added to those in the outbox.
    Extended,
}

/// This process's view of the outbox.
pub(super) struct Outbox {
    database: String,
    clock: SharedClock,
    ids: Ids,
    queue: Mutex<Queue>,
    changed: Notify,
    /// Wakes the task that prunes before its delay has passed, for want of room or because the database is closed.
    prune_now: Notify,
    /// Held while events are read from documents or pruned from them: a scan must not queue a pruned event again.
    documents: tokio::sync::Mutex<()>,
}

/// The events in memory.
#[derive(Default)]
struct Queue {
    last: u64,
    /// Events for the relay, by the numbers under which it reads them.
    waiting: BTreeMap<u64, StoredEvent>,
    /// The ids and origins of published events that their documents may still contain.
    published: BTreeMap<u64, (Uuid, Origin)>,
    /// The ids of all of these, to recognize them in a scan.
    known: HashSet<Uuid>,
    /// The documents of which this process has made the last commits, and knows each event in the outbox.
    documents: HashMap<Origin, DocumentOutbox>,
    /// Whether the documents may hold events of this process that memory does not.
    is_behind: bool,
    /// Whether a task prunes published events.
    is_pruning: bool,
    /// The time of the last scan.
    scanned_at: Option<Time>,
}

/// The outbox of a document at a version. It contains these events at most: other processes may have pruned some.
struct DocumentOutbox {
    version: u64,
    seqs: Vec<u64>,
}

impl Queue {
    /// Adds an event unless memory holds it. Returns whether there was room.
    fn push(&mut self, event: StoredEvent) -> bool {
        if self.known.contains(&event.id) {
            return true;
        }
        let has_room = self.known.len() < MAX_QUEUED;
        if has_room {
            self.last += 1;
            self.known.insert(event.id);
            self.waiting.insert(self.last, event);
        }
        has_room
    }

    /// Forgets a published event that its document does not contain anymore.
    fn forget(&mut self, seq: u64) {
        let Some((id, origin)) = self.published.remove(&seq) else { return };
        self.known.remove(&id);
        if let Entry::Occupied(mut outbox) = self.documents.entry(origin) {
            outbox.get_mut().seqs.retain(|one| *one != seq);
            if outbox.get().seqs.is_empty() {
                outbox.remove();
            }
        }
    }

    fn behind(&self, after: u64) -> impl Iterator<Item = (&u64, &StoredEvent)> {
        self.waiting.range(after.saturating_add(1)..)
    }
}

impl Outbox {
    pub(super) fn new(database: String, clock: SharedClock, ids: Ids) -> Self {
        let (queue, changed, prune_now, documents) = Default::default();
        Self { database, clock, ids, queue, changed, prune_now, documents }
    }

    /// The elements of the outbox of `origin` for these events.
    pub(super) fn elements(&self, origin: Origin, events: Vec<String>) -> Vec<StoredEvent> {
        events.into_iter().map(|event| StoredEvent { id: self.ids.next(), origin, event }).collect()
    }

    /// Whether the outbox of a document at this version contains published events only, so that its next commit may replace
    /// them.
    pub(super) fn is_published(&self, origin: Origin, version: u64) -> bool {
        let queue = self.queue.lock();
        let outbox = queue.documents.get(&origin).filter(|outbox| outbox.version == version);
        outbox.is_some_and(|outbox| outbox.seqs.iter().all(|seq| queue.published.contains_key(seq)))
    }

    /// Queues the events of a commit with this result.
    pub(super) fn committed(&self, commit: CommittedEvents, result: &Result<OutboxChange, CommitError>) {
        let CommittedEvents { origin, expected, version, events } = commit;
        if matches!(result, Err(CommitError::Conflict | CommitError::DuplicateKey(_))) {
            return;
        }
        let queue = &mut *self.queue.lock();
        let before = queue.documents.remove(&origin).filter(|outbox| outbox.version == expected);
        let before = before.map(|outbox| outbox.seqs);
        // Every event in the document, if they are known.
        let mut seqs = match result {
            Ok(OutboxChange::Replaced) => {
                before.into_iter().flatten().for_each(|seq| queue.forget(seq));
                Some(Vec::new())
            }
            Ok(OutboxChange::Extended) => before,
            Err(_) => None,
        };
        // Without an answer of the server, the documents may hold the events or not.
        let mut is_queued = result.is_ok() || events.is_empty();
        for event in events {
            is_queued = is_queued && queue.push(event);
            if let Some(seqs) = &mut seqs {
                seqs.push(queue.last);
            }
        }
        if let (Some(seqs), Some(version), true) = (seqs, version, is_queued)
            && !seqs.is_empty()
        {
            queue.documents.insert(origin, DocumentOutbox { version, seqs });
        }
        queue.is_behind |= !is_queued;
        self.changed.notify_one();
        self.measure(queue);
    }

    /// Resolves when an event may have entered the outbox.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The queued events behind `after`.
    pub(super) fn waiting(&self, after: u64, limit: usize) -> Vec<OutboxEntry> {
        let queue = self.queue.lock();
        let entry =
            |(seq, event): (&u64, &StoredEvent)| OutboxEntry { seq: *seq, event: event.event.clone() };
        let entries: Vec<_> = queue.behind(after).take(limit).map(entry).collect();
        // The documents hold more events, which the relay reads next.
        if queue.is_behind && !entries.is_empty() {
            self.changed.notify_one();
        }
        entries
    }

    /// Queues events from the documents: if the relay reads from the start and a sweep is due, or reads behind the last
    /// queued event while the documents hold others.
    pub(super) async fn sweep(
        &self,
        after: u64,
        collections: &[Arc<CollectionHandle>],
    ) -> Result<(), StoreError> {
        let _lock = self.documents.lock().await;
        let now = self.clock.now();
        let is_behind = {
            let queue = &mut *self.queue.lock();
            // Also after the clock was set back.
            let is_due = queue.scanned_at.is_none_or(|at| now < at || now - at >= SWEEP_INTERVAL);
            let is_wanted =
                (after == 0 && is_due) || (queue.is_behind && queue.behind(after).next().is_none());
            // A scan is worthwhile only with much room.
            if !is_wanted || queue.known.len() > MAX_QUEUED / 2 {
                return Ok(());
            }
            std::mem::take(&mut queue.is_behind)
        };
        // A process that is behind cannot distinguish its own events, and takes all: consumers tolerate duplicates.
        let until = if is_behind { Uuid::max() } else { takeover_bound(now) };
        let scanned = self.scan(collections, until).await;
        let mut queue = self.queue.lock();
        queue.is_behind |= scanned.as_ref().map_or(is_behind, |is_complete| !is_complete);
        self.measure(&queue);
        scanned?;
        queue.scanned_at = Some(now);
        Ok(())
    }

    /// Queues the events up to this id. Returns whether there was room for all.
    async fn scan(&self, collections: &[Arc<CollectionHandle>], until: Uuid) -> Result<bool, StoreError> {
        for collection in collections {
            let mut documents = pending(&collection.raw, until).await?;
            while let Some(document) = call(CALL_TIMEOUT, documents.try_next()).await? {
                if !self.queue_events(collection.schema.collection, &document, until) {
                    return Ok(false);
                }
            }
            collection.delete_tombstones().await?;
        }
        Ok(true)
    }

    /// Queues the events of one document. Returns whether there was room for them.
    fn queue_events(&self, collection: &'static str, document: &RawDocument, until: Uuid) -> bool {
        let events = match layout::events(collection, document) {
            Ok(events) => events,
            Err(error) => {
                // Logged at every sweep, until an operator or a release that can read the document resolves it.
                let error: &dyn std::error::Error = &error;
                error!(database = self.database, collection, error, "skipped an unreadable outbox");
                return true;
            }
        };
        let mut queue = self.queue.lock();
        events.into_iter().filter(|event| event.id <= until).all(|event| queue.push(event))
    }

    /// Notes that the bus has acknowledged these events. Returns whether a task must be started that calls
    /// [`Self::prune_published`].
    pub(super) fn mark_published(&self, seqs: &[u64]) -> bool {
        let queue = &mut *self.queue.lock();
        for seq in seqs {
            if let Some(event) = queue.waiting.remove(seq) {
                queue.published.insert(*seq, (event.id, event.origin));
            }
        }
        if queue.known.len() > MAX_QUEUED / 2 {
            self.prune_now.notify_one();
        }
        let starts = !queue.is_pruning && !queue.published.is_empty();
        queue.is_pruning |= starts;
        starts
    }

    /// Prunes what is published after [`PRUNE_DELAY`], and again until nothing is. Once `is_closed`, prunes at once and does
    /// not retry.
    pub(super) async fn prune_published(&self, collections: &Collections, is_closed: impl Fn() -> bool) {
        loop {
            let will_retry = !is_closed();
            if will_retry {
                tokio::select! {
                    () = self.clock.sleep(PRUNE_DELAY) => {}
                    () = self.prune_now.notified() => {}
                }
            }
            let pruned = async { self.prune(&collections.all().await?).await }.await;
            if let Err(error) = pruned {
                let (database, error): (_, &dyn std::error::Error) = (&self.database, &error);
                warn!(database, error, will_retry, "published events stay in the outbox for now");
            }
            let mut queue = self.queue.lock();
            if queue.published.is_empty() || !will_retry {
                queue.is_pruning = false;
                return;
            }
        }
    }

    /// Ends the delay of the task that prunes.
    pub(super) fn prune_now(&self) {
        self.prune_now.notify_one();
    }

    /// Removes published events from the documents, and then from memory.
    async fn prune(&self, collections: &[Arc<CollectionHandle>]) -> Result<(), StoreError> {
        let published: Vec<_> =
            self.queue.lock().published.iter().map(|(seq, (id, origin))| (*seq, *id, *origin)).collect();
        for published in published.chunks(MAX_PRUNED) {
            let _lock = self.documents.lock().await;
            for collection in collections {
                let is_here = |origin: &Origin| origin.collection == collection.schema.collection;
                let here = published.iter().filter(|(_, _, origin)| is_here(origin));
                let (events, documents): (Vec<_>, Vec<_>) =
                    here.map(|(_, id, origin)| (json::id(*id), json::id(origin.document))).unzip();
                if !events.is_empty() {
                    pull(collection, documents, events).await?;
                }
            }
            let queue = &mut *self.queue.lock();
            for (seq, _, _) in published {
                queue.forget(*seq);
            }
            if queue.is_behind {
                // Memory has room now for events that only the documents hold.
                self.changed.notify_one();
            }
            self.measure(queue);
        }
        Ok(())
    }

    fn measure(&self, queue: &Queue) {
        #[expect(clippy::cast_precision_loss, reason = "there are a few thousand at most")]
        gauge!("store_outbox_buffered", "database" => self.database.clone()).set(queue.known.len() as f64);
    }
}

/// The bound of the ids of events that may be taken over: they contain the time of the commit.
fn takeover_bound(now: Time) -> Uuid {
    let millis = u64::try_from(now.before(TAKEOVER_DELAY).as_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

/// The documents with events up to this id, and their outboxes alone.
async fn pending(
    collection: &Collection<RawDocumentBuf>,
    until: Uuid,
) -> Result<Cursor<RawDocumentBuf>, StoreError> {
    // The index on this field covers only documents with a non-empty outbox.
    let pending = doc! { "outbox.id": { "$gte": json::id(Uuid::nil()), "$lte": json::id(until) } };
    let find = collection.find(pending).projection(doc! { "outbox": 1 });
    call(CALL_TIMEOUT, find.batch_size(BATCH_SIZE)).await
}

/// Passes every event of a collection to `found`.
pub(super) async fn scan(
    collection: &Collection<RawDocumentBuf>,
    name: &'static str,
    found: EventReceiver<'_>,
) -> Result<(), StoreError> {
    let mut documents = pending(collection, Uuid::max()).await?;
    while let Some(document) = call(CALL_TIMEOUT, documents.try_next()).await? {
        match layout::events(name, &document) {
            Ok(events) => {
                for event in &events {
                    found(Some(event.origin.document), &event.event);
                }
            }
            Err(_) => found(layout::id(&document).ok(), ""),
        }
    }
    Ok(())
}

async fn pull(
    collection: &CollectionHandle,
    documents: Vec<Binary>,
    events: Vec<Binary>,
) -> Result<(), StoreError> {
    let pull = doc! { "$pull": { "outbox": { "id": { "$in": events } } } };
    let update = collection.raw.update_many(doc! { "_id": { "$in": documents } }, pull);
    // No majority: an event that a failover restores is published again, which consumers tolerate.
    call(CALL_TIMEOUT, update.write_concern(WriteConcern::nodes(1))).await.map(drop)
}
