//! The sweep: events that the documents hold and this process should publish enter the queue.

use std::sync::Arc;
use std::time::Duration;

use common::Time;
use futures::TryStreamExt;
use mongodb::bson::{RawDocument, doc};
use tracing::error;
use uuid::Uuid;

use super::queue::ScanResult;
use super::{Outbox, OutboxState};
use crate::StoreError;
use crate::mongodb::calls::{CALL_TIMEOUT, call};
use crate::mongodb::collections::CollectionHandle;
use crate::mongodb::{json, layout};

/// An event is left so long to the process that committed it. By then it was published and pruned, or that process is
/// failing or gone.
const TAKEOVER_DELAY: Duration = Duration::from_secs(10);

/// An idle relay reads from the start after each commit, though the queue holds that commit anyway; this bounds how often
/// that scans the documents.
const SWEEP_INTERVAL: Duration = Duration::from_secs(20);

/// Documents in one answer of the server.
const BATCH_SIZE: u32 = 256;

impl Outbox {
    /// Queues events from the documents, if a sweep is due or the queue is behind, and has room.
    pub(in crate::mongodb) async fn sweep(
        &self,
        after: u64,
        collections: &[Arc<CollectionHandle>],
    ) -> Result<(), StoreError> {
        let _lock = self.sweep_lock.lock().await;
        let catching_up = {
            let state = &mut *self.state();
            if !state.queue.wants_scan(after, self.is_due(state.swept_at)) {
                return Ok(());
            }
            state.queue.begin_scan()
        };
        let mut scan = Scan { outbox: self, result: ScanResult::Failed };
        // A process that catches up cannot distinguish its own events, and takes all: consumers tolerate duplicates.
        let until = if catching_up { Uuid::max() } else { self.takeover_bound() };
        let mut result = ScanResult::Complete;
        for collection in collections {
            result = self.scan(collection, until).await?;
            if result == ScanResult::QueueFull {
                break;
            }
            collection.delete_tombstones().await?;
        }
        scan.result = result;
        Ok(())
    }

    /// Whether the interval is over, or the clock was set back.
    fn is_due(&self, swept_at: Option<Time>) -> bool {
        let now = self.clock.now();
        swept_at.is_none_or(|swept_at| now < swept_at || now - swept_at >= SWEEP_INTERVAL)
    }

    /// The bound of ids whose events may be taken over.
    fn takeover_bound(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().before(TAKEOVER_DELAY).as_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
    }

    async fn scan(&self, collection: &CollectionHandle, until: Uuid) -> Result<ScanResult, StoreError> {
        // The index on this field covers only documents with a non-empty outbox.
        let pending = doc! { "outbox.id": { "$gte": json::id(Uuid::nil()), "$lte": json::id(until) } };
        let find = collection.raw.find(pending).projection(doc! { "outbox": 1 }).batch_size(BATCH_SIZE);
        let mut documents = call(CALL_TIMEOUT, find).await?;
        while let Some(document) = call(CALL_TIMEOUT, documents.try_next()).await? {
            if !self.queue_events(collection.schema.collection, &document, until) {
                return Ok(ScanResult::QueueFull);
            }
        }
        Ok(ScanResult::Complete)
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
        let queue = &mut self.state().queue;
        events.into_iter().filter(|event| event.id <= until).all(|event| queue.add_scanned(event))
    }
}

/// A scan of the documents. Its end, also by an error or cancellation, updates the queue.
struct Scan<'a> {
    outbox: &'a Outbox,
    result: ScanResult,
}

impl Drop for Scan<'_> {
    fn drop(&mut self) {
        let OutboxState { queue, swept_at, .. } = &mut *self.outbox.state();
        if self.result != ScanResult::Failed {
            *swept_at = Some(self.outbox.clock.now());
        }
        queue.end_scan(self.result);
        if self.result == ScanResult::Complete && queue.is_behind() {
            self.outbox.changed.notify_one();
        }
        self.outbox.measure(queue);
    }
}
