//! Taking out of the documents what the bus has acknowledged: many at once, and a little later.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::{Binary, doc};
use mongodb::options::WriteConcern;

use super::Outbox;
use crate::StoreError;
use crate::mongodb::calls::{CALL, call};
use crate::mongodb::collections::Prepared;
use crate::mongodb::json;

/// How long acknowledged entries wait for others that go with them.
pub(in crate::mongodb) const SENT_WAITS: Duration = Duration::from_millis(100);
/// How many go at once.
const MOST_AT_ONCE: usize = 512;

impl Outbox {
    /// The bus has these.
    pub(in crate::mongodb) fn mark_published(&self, seqs: &[u64]) {
        self.state().queue.mark_published(seqs);
    }

    /// Whether the documents hold nothing that the bus has.
    pub(in crate::mongodb) fn has_sent_nothing(&self) -> bool {
        self.state().queue.some_sent(1).is_empty()
    }

    /// Takes out of the documents what the bus has.
    pub(in crate::mongodb) async fn take_out(&self, collections: &[Arc<Prepared>]) -> Result<(), StoreError> {
        loop {
            let _turn = self.turn.lock().await;
            let sent = self.state().queue.some_sent(MOST_AT_ONCE);
            if sent.is_empty() {
                return Ok(());
            }
            let mut origins: HashMap<_, (Vec<Binary>, Vec<Binary>)> = HashMap::new();
            for (id, origin) in &sent {
                let (documents, entries) = origins.entry(origin.collection).or_default();
                documents.push(json::id(origin.document));
                entries.push(json::id(*id));
            }
            for collection in collections {
                if let Some((documents, entries)) = origins.remove(collection.schema.collection) {
                    take_out(collection, documents, entries).await?;
                }
            }
            let queue = &mut self.state().queue;
            queue.forget_sent(sent.len());
            if queue.is_behind() {
                // There is room now for what the documents hold.
                self.grew.notify_one();
            }
            self.measure(queue);
        }
    }
}

async fn take_out(
    collection: &Prepared,
    documents: Vec<Binary>,
    entries: Vec<Binary>,
) -> Result<(), StoreError> {
    let pull = doc! { "$pull": { "outbox": { "id": { "$in": entries } } } };
    let update = collection.raw.update_many(doc! { "_id": { "$in": documents } }, pull);
    // An entry that comes back after a failover is published again; that is no reason to wait for a majority.
    let update = update.write_concern(WriteConcern::nodes(1));
    call(CALL, update).await.map(drop)
}
