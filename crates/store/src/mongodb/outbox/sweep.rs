//! Reading outboxes from the documents.

use std::sync::Arc;
use std::time::Duration;

use common::Time;
use futures::TryStreamExt;
use mongodb::bson::{RawDocument, doc};
use tracing::error;
use uuid::Uuid;

use super::queue::Reach;
use super::{Entry, Outbox, State};
use crate::StoreError;
use crate::mongodb::calls::{CALL, call};
use crate::mongodb::collections::Prepared;
use crate::mongodb::{json, layout};

/// An entry is left to the process that committed it for so long. By then it was published and taken out, or that
/// process is in trouble or gone.
const GRACE: Duration = Duration::from_secs(10);

/// The documents are read so often at most. A relay that has nothing to do asks from the start whenever something is
/// committed, and what is committed here is known anyway.
const READ_EVERY: Duration = Duration::from_secs(20);

/// How many documents come at once.
const BATCH: u32 = 256;

impl Outbox {
    /// Takes up what the documents hold and this process should publish, if there is reason to look and there is room.
    pub(in crate::mongodb) async fn sweep(
        &self,
        after: u64,
        collections: &[Arc<Prepared>],
    ) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        let catching_up = {
            let state = &mut *self.state();
            if !state.queue.wants_documents(after, self.is_due(state.read_at)) {
                return Ok(());
            }
            state.queue.begin_reading()
        };
        let mut reading = Reading { outbox: self, reach: Reach::Failed };
        // Whoever catches up cannot tell its own entries from others', and takes all: publishing twice does no harm.
        let until = if catching_up { Uuid::max() } else { self.long_ago() };
        let mut reach = Reach::Whole;
        for collection in collections {
            reach = self.sweep_one(collection, until).await?;
            if reach == Reach::Full {
                break;
            }
            collection.forget_removed().await?;
        }
        reading.reach = reach;
        Ok(())
    }

    /// Whether it is time to look for what others left behind, also if the clock was set back.
    fn is_due(&self, read_at: Option<Time>) -> bool {
        let now = self.clock.now();
        read_at.is_none_or(|read_at| now < read_at || now - read_at >= READ_EVERY)
    }

    /// Ids that are less were made before the grace.
    fn long_ago(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().before(GRACE).as_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
    }

    async fn sweep_one(&self, collection: &Prepared, until: Uuid) -> Result<Reach, StoreError> {
        // The index is on this field, and holds documents with something in their outbox only.
        let pending = doc! { "outbox.id": { "$gte": json::id(Uuid::nil()), "$lte": json::id(until) } };
        let find = collection.raw.find(pending).projection(doc! { "outbox": 1 }).batch_size(BATCH);
        let mut documents = call(CALL, find).await?;
        while let Some(document) = call(CALL, documents.try_next()).await? {
            if !self.find(collection.schema.collection, &document, until) {
                return Ok(Reach::Full);
            }
        }
        Ok(Reach::Whole)
    }

    /// Keeps what one document holds. Returns whether there was room for it.
    fn find(&self, collection: &'static str, document: &RawDocument, until: Uuid) -> bool {
        let entries = match layout::entries(collection, document) {
            Ok(entries) => entries,
            Err(error) => {
                // It stays there, and every sweep speaks of it, until a release that can read it or an operator comes.
                let error: &dyn std::error::Error = &error;
                error!(
                    database = self.database,
                    collection, error, "an outbox cannot be read; it stays as it is"
                );
                return true;
            }
        };
        let queue = &mut self.state().queue;
        entries.into_iter().filter(|Entry { id, .. }| *id <= until).all(|entry| queue.find(entry))
    }
}

/// Documents are being read. However that ends, the queue is told.
struct Reading<'a> {
    outbox: &'a Outbox,
    reach: Reach,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let State { queue, read_at, .. } = &mut *self.outbox.state();
        if self.reach != Reach::Failed {
            *read_at = Some(self.outbox.clock.now());
        }
        queue.end_reading(self.reach);
        if self.reach == Reach::Whole && queue.is_behind() {
            self.outbox.grew.notify_one();
        }
        self.outbox.measure(queue);
    }
}
