//! The number of calls to the database in a purchase. On MongoDB each is a round trip.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::event::OrderStatus;
use futures::future::BoxFuture;
use store::{Backend, CommitError, Intercept, Record, StoreError, UniqueKey, Write};
use uuid::Uuid;

use crate::app::{TestApp, VISA, intent_of};

/// Counts the calls about payments and their orders.
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

/// The ranges of the worker are not counted: they do not depend on the purchase.
impl Intercept for Counting {
    fn inner(&self) -> &dyn Backend {
        &*self.database
    }

    fn get(&self, collection: &'static str, id: Uuid) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        count(&self.counts.reads, collection);
        self.database.get(collection, id)
    }

    fn get_by_unique_key(
        &self,
        collection: &'static str,
        key: UniqueKey,
    ) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        count(&self.counts.reads, collection);
        self.database.get_by_unique_key(collection, key)
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        count(&self.counts.commits, write.collection);
        self.database.commit(write)
    }
}

/// The order is read after the commit of the payment's start, and after the capture: it may have ended meanwhile. Everything
/// else begins with what this process has committed a moment ago.
const MAX_READS: usize = 2;
/// Three replicas of the order; the payment started, with its `PaymentIntent`, authorized, capturing, captured. Together 8.
const MAX_COMMITS: usize = 8;

#[tokio::test]
async fn a_purchase_costs_few_round_trips() {
    let (app, counts) = TestApp::counting().await;
    let order = app.new_order();
    app.deliver_order(&order, OrderStatus::Created, 1).await;
    app.deliver_order(&order, OrderStatus::AwaitingPayment, 2).await;
    let begun = app.pay(&order).await.json;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    app.service.settle().await;
    app.webhook("payment_intent.succeeded", &intent_of(&begun)).await;
    app.deliver_order(&order, OrderStatus::Complete, 4).await;
    app.service.settle().await;
    let (reads, commits) = (counts.reads.load(Ordering::SeqCst), counts.commits.load(Ordering::SeqCst));
    assert_eq!(app.captured().await, 2500);
    assert!(reads <= MAX_READS && commits <= MAX_COMMITS, "{reads} reads and {commits} commits");
}

#[tokio::test]
async fn consecutive_calls_to_stripe_share_one_connection() {
    let mut app = TestApp::start().await;
    for _ in 0..5 {
        let (order, begun) = app.begin().await;
        assert_eq!(app.confirm(&begun, VISA).await, 200);
        app.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
        app.deliver_order(&order, OrderStatus::Paying, 3).await;
        assert_eq!(app.status(&order).await, "captured");
    }
    assert_eq!(app.connections(), 1);
    app.stop_stripe().await;
    app.start_stripe().await;
    app.begin().await;
    assert_eq!(app.connections(), 1, "and a broken connection is replaced");
}
