//! The outbox: events in the documents until the bus has acknowledged them. Memory holds those that this process has
//! committed, so that its relay needs no read. A scan of the documents finds those that another process left behind, or
//! that memory had no room for.

use std::collections::{BTreeMap, HashSet};
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
use tracing::error;
use uuid::Uuid;

use super::calls::{CALL_TIMEOUT, call};
use super::collections::CollectionHandle;
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

/// Documents in one answer of the server.
const BATCH_SIZE: u32 = 256;

/// Events in one update that prunes them, which bounds the size of the command.
const MAX_PRUNED: usize = 512;

/// This process's view of the outbox.
pub(super) struct Outbox {
    database: String,
    clock: SharedClock,
    ids: Ids,
    queue: Mutex<Queue>,
    changed: Notify,
    /// Held while events are read from documents or pruned from them: a scan must not queue a pruned event again.
    documents: tokio::sync::Mutex<()>,
}

/// The events in memory.
#[derive(Default)]
struct Queue {
    last: u64,
    /// Events for the relay, by the numbers under which it reads them.
    waiting: BTreeMap<u64, StoredEvent>,
    /// The ids of all of these, to recognize them in a scan.
    known: HashSet<Uuid>,
    /// Whether the documents may hold events of this process that memory does not.
    is_behind: bool,
    /// The time of the last scan.
    scanned_at: Option<Time>,
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

    fn behind(&self, after: u64) -> impl Iterator<Item = (&u64, &StoredEvent)> {
        self.waiting.range(after.saturating_add(1)..)
    }
}

impl Outbox {
    pub(super) fn new(database: String, clock: SharedClock, ids: Ids) -> Self {
        let (queue, changed, documents) = Default::default();
        Self { database, clock, ids, queue, changed, documents }
    }

    /// The elements of the outbox of `origin` for these events.
    pub(super) fn elements(&self, origin: Origin, events: Vec<String>) -> Vec<StoredEvent> {
        events.into_iter().map(|event| StoredEvent { id: self.ids.next(), origin, event }).collect()
    }

    /// Queues the events of a commit with this result.
    pub(super) fn committed(&self, events: Vec<StoredEvent>, result: &Result<(), CommitError>) {
        let is_refused = matches!(result, Err(CommitError::Conflict | CommitError::DuplicateKey(_)));
        if events.is_empty() || is_refused {
            return;
        }
        let mut queue = self.queue.lock();
        // Without an answer of the server, the documents may hold the events or not.
        let queued = result.is_ok() && events.into_iter().all(|event| queue.push(event));
        queue.is_behind |= !queued;
        self.changed.notify_one();
        self.measure(&queue);
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

    /// Removes events that the bus has acknowledged from the documents, and then from memory.
    pub(super) async fn prune(
        &self,
        seqs: &[u64],
        collections: &[Arc<CollectionHandle>],
    ) -> Result<(), StoreError> {
        for seqs in seqs.chunks(MAX_PRUNED) {
            let _lock = self.documents.lock().await;
            let published: Vec<_> = {
                let queue = self.queue.lock();
                seqs.iter()
                    .filter_map(|seq| queue.waiting.get(seq))
                    .map(|event| (event.id, event.origin))
                    .collect()
            };
            for collection in collections {
                let is_here = |origin: &Origin| origin.collection == collection.schema.collection;
                let here = published.iter().filter(|(_, origin)| is_here(origin));
                let (events, documents): (Vec<_>, Vec<_>) =
                    here.map(|(id, origin)| (json::id(*id), json::id(origin.document))).unzip();
                if !events.is_empty() {
                    pull(collection, documents, events).await?;
                }
            }
            let queue = &mut *self.queue.lock();
            for event in seqs.iter().filter_map(|seq| queue.waiting.remove(seq)) {
                queue.known.remove(&event.id);
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
