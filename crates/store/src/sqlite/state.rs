//! The state that the writer shares with its waiters: revisions and changes of the outbox.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Counter, counter};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::transaction::WriteResult;
use crate::{CommitError, Write};

/// The commits of this process so far.
#[derive(Debug)]
pub(super) struct WriterState {
    database: String,
    /// Kept, since finding a counter by its labels costs more than counting.
    counted: (Counter, Counter),
    revisions: Mutex<HashMap<&'static str, u64>>,
    outbox_changed: Notify,
    transactions: AtomicU64,
}

impl WriterState {
    /// The state before the first commit; `database` is a label of the metrics.
    pub(super) fn new(database: String) -> Self {
        let counter = |name| counter!(name, "database" => database.clone());
        Self {
            counted: (counter("store_transactions_total"), counter("store_writes_total")),
            database,
            revisions: Mutex::default(),
            outbox_changed: Notify::new(),
            transactions: AtomicU64::new(0),
        }
    }

    /// Records a transaction, once it is durable and before any of its callers is answered.
    pub(super) fn record(&self, writes: &[Write], results: &[WriteResult]) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        let (transactions, written) = &self.counted;
        transactions.increment(1);
        written.increment(u64::try_from(writes.len()).unwrap_or(u64::MAX));
        let mut outbox_changed = false;
        let mut revisions = self.revisions.lock();
        for (write, result) in writes.iter().zip(results) {
            // A failed write may have happened, a refused one has not.
            if matches!(result, Ok(()) | Err(CommitError::Store(_))) {
                *revisions.entry(write.collection).or_default() += 1;
                outbox_changed |= !write.outbox.is_empty();
            }
        }
        drop(revisions);
        if outbox_changed {
            // Stores one wake-up if there is no waiter, so that no change goes unnoticed.
            self.outbox_changed.notify_one();
        }
    }

    /// The name of the database.
    pub(super) fn database(&self) -> &str {
        &self.database
    }

    /// The number of transactions.
    pub(super) fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }

    /// The number of commits to a collection.
    pub(super) fn revision(&self, collection: &'static str) -> u64 {
        self.revisions.lock().get(collection).copied().unwrap_or_default()
    }

    /// Resolves when an entry may have entered the outbox.
    pub(super) async fn outbox_changed(&self) {
        self.outbox_changed.notified().await;
    }
}
