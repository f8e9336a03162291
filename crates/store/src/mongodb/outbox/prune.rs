//! Pruning: removal of published events from their documents, many at once and after a delay.

use std::collections::HashMap;
use std::sync::Arc;

use mongodb::bson::{Binary, doc};
use mongodb::options::WriteConcern;

use super::Outbox;
use crate::StoreError;
use crate::mongodb::calls::{CALL_TIMEOUT, call};
use crate::mongodb::collections::CollectionHandle;
use crate::mongodb::json;

/// Events in one update, which bounds the size of the command.
const MAX_PRUNED: usize = 512;

impl Outbox {
    /// Marks events that the bus has acknowledged.
    pub(in crate::mongodb) fn mark_published(&self, seqs: &[u64]) {
        self.state().queue.mark_published(seqs);
    }

    /// Whether the documents hold no published events.
    pub(in crate::mongodb) fn all_pruned(&self) -> bool {
        self.state().queue.published(1).is_empty()
    }

    /// Removes published events from the documents.
    pub(in crate::mongodb) async fn prune_published(
        &self,
        collections: &[Arc<CollectionHandle>],
    ) -> Result<(), StoreError> {
        loop {
            let _lock = self.sweep_lock.lock().await;
            let published = self.state().queue.published(MAX_PRUNED);
            if published.is_empty() {
                return Ok(());
            }
            let mut origins: HashMap<_, (Vec<Binary>, Vec<Binary>)> = HashMap::new();
            for (id, origin) in &published {
                let (documents, events) = origins.entry(origin.collection).or_default();
                documents.push(json::id(origin.document));
                events.push(json::id(*id));
            }
            for collection in collections {
                if let Some((documents, events)) = origins.remove(collection.schema.collection) {
                    prune(collection, documents, events).await?;
                }
            }
            let queue = &mut self.state().queue;
            queue.remove_published(published.len());
            if queue.is_behind() {
                // The queue has room now for events that only the documents hold.
                self.changed.notify_one();
            }
            self.measure(queue);
        }
    }
}

async fn prune(
    collection: &CollectionHandle,
    documents: Vec<Binary>,
    events: Vec<Binary>,
) -> Result<(), StoreError> {
    let pull = doc! { "$pull": { "outbox": { "id": { "$in": events } } } };
    let update = collection.raw.update_many(doc! { "_id": { "$in": documents } }, pull);
    // No majority: an event that a failover restores is published again, which consumers tolerate.
    let update = update.write_concern(WriteConcern::nodes(1));
    call(CALL_TIMEOUT, update).await.map(drop)
}
