//! The coverage of a scenario: the events that really occurred, so that the scenario cannot become weaker unnoticed.

use std::collections::BTreeSet;
use std::sync::Arc;

use common::event::Subject;
use parking_lot::Mutex;

/// Cheap to clone; clones share the records.
#[derive(Clone, Default)]
pub(crate) struct Coverage(Arc<Mutex<BTreeSet<String>>>);

impl Coverage {
    pub(crate) fn record(&self, event: impl Into<String>) {
        self.0.lock().insert(event.into());
    }

    /// The expected events that were not recorded.
    pub(crate) fn missing(&self, expected: Vec<String>) -> Vec<String> {
        let recorded = self.0.lock();
        expected.into_iter().filter(|one| !recorded.contains(one)).collect()
    }
}

pub(crate) fn card(number: &str) -> String {
    format!("the card {number}")
}

pub(crate) fn three_d_secure(answer: &str) -> String {
    format!("3-D Secure, {answer}")
}

pub(crate) fn fault(kind: &str) -> String {
    format!("the fault {kind}")
}

pub(crate) fn event(kind: &str) -> String {
    format!("the event {kind}")
}

pub(crate) fn lost(subject: Subject) -> String {
    format!("a lost {subject}")
}

pub(crate) fn end(how: &str) -> String {
    format!("an order that ended {how}")
}
