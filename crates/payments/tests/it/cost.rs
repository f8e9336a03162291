//! What a purchase costs this service at its database. On MongoDB each of these is a round trip.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::event::OrderStatus;
use futures::future::BoxFuture;
use store::{
    Backend, CommitError, IndexedRecord, OutboxEntry, RangeQuery, Record, Schema, StoreError, UniqueKey,
    Write,
};
use uuid::Uuid;

use crate::world::{VISA, World, intent_of};

/// Counts what is asked of it, as far as it is about payments and their orders.
pub(crate) struct Counting {
    pub(crate) database: Arc<dyn Backend>,
    pub(crate) counts: Arc<Counts>,
}

#[derive(Default)]
pub(crate) struct Counts {
    reads: AtomicUsize,
    commits: AtomicUsize,
}

fn count(counter: &AtomicUsize, collection: &str) {
    if ["payments", "orders"].contains(&collection) {
        counter.fetch_add(1, Ordering::SeqCst);
    }
}

impl Backend for Counting {
    fn declare(&self, schema: Schema) {
        self.database.declare(schema);
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        count(&self.counts.reads, collection);
        self.database.get(collection, id)
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        claim: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        count(&self.counts.reads, collection);
        self.database.get_by_unique_key(collection, claim)
    }

    /// Not counted: how often the worker looks around does not depend on the purchase.
    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        self.database.range(query)
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        count(&self.counts.commits, write.collection);
        self.database.commit(write)
    }

    fn outbox(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<OutboxEntry>, StoreError>> {
        self.database.outbox(after, limit)
    }

    fn outbox_changed(&self) -> BoxFuture<'_, ()> {
        self.database.outbox_changed()
    }

    fn mark_published(&self, seqs: Vec<u64>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.database.mark_published(seqs)
    }

    fn revision(&self, collection: &'static str) -> Option<u64> {
        self.database.revision(collection)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.database.check()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.database.close()
    }
}

/// Of the order, each of five states is compared with what is known (5), and for two of them its payment is looked for
/// (2). Beginning to pay reads the order before and after the payment is begun, and looks for an earlier one (3). Each of
/// three steps looks at the order when it is done (3), two before what was seen is committed (2). Two webhooks look for
/// their payment (2). That is 17, and now and then somebody else is faster.
const MOST_READS: usize = 20;
/// Five states of the order; the payment begun, and three steps taken and done. That is 12.
const MOST_COMMITS: usize = 14;

#[tokio::test]
async fn a_purchase_costs_few_round_trips() {
    let (world, counts) = World::counting().await;
    let order = world.unheard_order();
    world.hear(&order, OrderStatus::Created, 1).await;
    world.hear(&order, OrderStatus::AwaitingPayment, 2).await;
    let begun = world.pay(&order).await.json;
    assert_eq!(world.confirm(&begun, VISA).await, 200);
    world.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    world.hear(&order, OrderStatus::Paying, 3).await;
    world.service.settle().await;
    world.webhook("payment_intent.succeeded", &intent_of(&begun)).await;
    world.hear(&order, OrderStatus::Complete, 4).await;
    world.service.settle().await;
    let (reads, commits) = (counts.reads.load(Ordering::SeqCst), counts.commits.load(Ordering::SeqCst));
    assert_eq!(world.captured().await, 2500);
    assert!(reads <= MOST_READS && commits <= MOST_COMMITS, "{reads} reads and {commits} commits");
}
