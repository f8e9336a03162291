//! The metric `store_commits_total`: the commits of each collection by outcome.

use std::collections::HashMap;
use std::sync::Arc;

use metrics::{Counter, counter};
use parking_lot::RwLock;

use crate::CommitError;

/// The counters of a store, by collection. They are kept, since finding one by its labels costs more than counting, and
/// registered with the collection: an alert cannot see the increase of a counter that begins with its first increment.
#[derive(Default)]
pub(crate) struct CommitCounters(RwLock<HashMap<&'static str, Arc<Outcomes>>>);

/// The counters of one collection.
struct Outcomes {
    committed: Counter,
    conflict: Counter,
    duplicate_key: Counter,
    failed: Counter,
}

impl CommitCounters {
    /// Registers the counters of a collection.
    pub(crate) fn register(&self, database: &str, collection: &'static str) {
        if self.0.read().contains_key(collection) {
            return;
        }
        counter!("store_unreadable_documents_total", "collection" => collection).increment(0);
        let of = |outcome| counter!("store_commits_total", "database" => database.to_owned(), "collection" => collection, "outcome" => outcome);
        let outcomes = Outcomes {
            committed: of("committed"),
            conflict: of("conflict"),
            duplicate_key: of("duplicate-key"),
            failed: of("failed"),
        };
        self.0.write().insert(collection, Arc::new(outcomes));
    }

    /// Counts a commit.
    pub(crate) fn record(&self, collection: &'static str, result: &Result<(), CommitError>) {
        let counters = self.0.read();
        let Some(outcomes) = counters.get(collection) else { return };
        match result {
            Ok(()) => &outcomes.committed,
            Err(CommitError::Conflict) => &outcomes.conflict,
            Err(CommitError::DuplicateKey(_)) => &outcomes.duplicate_key,
            Err(CommitError::Store(_)) => &outcomes.failed,
        }
        .increment(1);
    }
}
