//! What this process knows about its own commits.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use super::apply::Outcome;
use crate::Write;

/// Shared by the writer and everybody who waits for it.
#[derive(Debug)]
pub(super) struct News {
    database: String,
    revisions: Mutex<HashMap<&'static str, u64>>,
    grew: Notify,
    transactions: AtomicU64,
    sent: Mutex<BTreeSet<u64>>,
}

impl News {
    /// Nothing has happened yet. `database` names the database in the metrics.
    pub(super) fn new(database: String) -> Self {
        Self {
            database,
            revisions: Mutex::default(),
            grew: Notify::new(),
            transactions: AtomicU64::new(0),
            sent: Mutex::default(),
        }
    }

    /// Tells of a transaction. Called once it is durable and before any of its writers is answered.
    pub(super) fn tell(&self, writes: &[Write], outcomes: &[Outcome]) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("store_transactions_total", "database" => self.database.clone()).increment(1);
        metrics::counter!("store_writes_total", "database" => self.database.clone())
            .increment(u64::try_from(writes.len()).unwrap_or(u64::MAX));
        let mut grew = false;
        let mut revisions = lock(&self.revisions);
        for (write, outcome) in writes.iter().zip(outcomes) {
            // What failed half-way may have happened; what was refused has not.
            if matches!(outcome, Ok(()) | Err(crate::WriteError::Store(_))) {
                *revisions.entry(write.collection).or_default() += 1;
                grew |= !write.outbox.is_empty();
            }
        }
        drop(revisions);
        if grew {
            // Keeps one permit if nobody waits at the moment, so that no growth goes unnoticed.
            self.grew.notify_one();
        }
    }

    /// How many transactions there were.
    pub(super) fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }

    /// How many commits to a collection there were.
    pub(super) fn revision(&self, collection: &'static str) -> u64 {
        lock(&self.revisions).get(collection).copied().unwrap_or_default()
    }

    /// Resolves when the outbox may have grown.
    pub(super) async fn grew(&self) {
        self.grew.notified().await;
    }

    /// Entries that are done with although their rows are still there. Tells whether there were none before.
    pub(super) fn add_sent(&self, seqs: Vec<u64>) -> bool {
        let mut sent = lock(&self.sent);
        let first = sent.is_empty() && !seqs.is_empty();
        sent.extend(seqs);
        first
    }

    /// At most `limit` of them.
    pub(super) fn some_sent(&self, limit: usize) -> Vec<u64> {
        lock(&self.sent).iter().take(limit).copied().collect()
    }

    /// Those behind `after`.
    pub(super) fn sent_after(&self, after: u64) -> BTreeSet<u64> {
        lock(&self.sent).range((Bound::Excluded(after), Bound::Unbounded)).copied().collect()
    }

    /// Their rows are gone.
    pub(super) fn forget_sent(&self, seqs: &[u64]) {
        let mut sent = lock(&self.sent);
        for seq in seqs {
            sent.remove(seq);
        }
    }

    /// Whether no row waits for its removal.
    pub(super) fn nothing_sent(&self) -> bool {
        lock(&self.sent).is_empty()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock()
}
