//! Payments and deadlines that are unreadable for a while, as if a newer release had written them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::Record;
use uuid::Uuid;

use crate::coverage::Coverage;

/// One of so many documents is unreadable.
const ONE_IN: u128 = 8;

pub(crate) const UNREADABLE: &str = "an unreadable document";

/// Cheap to clone; clones share the state.
#[derive(Clone)]
pub(crate) struct Unreadable(Arc<Inner>);

struct Inner {
    is_lifted: AtomicBool,
    coverage: Coverage,
}

impl Unreadable {
    pub(crate) fn new(coverage: &Coverage) -> Self {
        Self(Arc::new(Inner { is_lifted: AtomicBool::new(false), coverage: coverage.clone() }))
    }

    /// From now on every document is readable.
    pub(crate) fn lift(&self) {
        self.0.is_lifted.store(true, Ordering::SeqCst);
    }

    /// Whether this document is unreadable now.
    fn affects(&self, collection: &str, id: Uuid) -> bool {
        let is_chosen = matches!(collection, "payments" | "deadlines") && id.as_u128() % ONE_IN == 7;
        is_chosen && !self.0.is_lifted.load(Ordering::SeqCst)
    }

    /// The record as a reader finds it.
    pub(crate) fn read(&self, collection: &str, record: Record) -> Record {
        if !self.affects(collection, record.id) {
            return record;
        }
        self.0.coverage.record(UNREADABLE);
        Record { body: record.body.replace("\"status\":\"", "\"status\":\"a-later-"), ..record }
    }
}
