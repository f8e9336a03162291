//! The last changes, for readers that were away for a moment.

use std::collections::VecDeque;
use std::sync::Arc;

use common::EventId;

use super::Change;

/// How many changes are remembered: some minutes of a busy market, and twenty megabytes if every description is as long as can be.
pub(super) const MOST_REMEMBERED: usize = 1024;

/// The last changes, oldest first.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<Arc<Change>>);

impl Recent {
    /// Remembers a change; `false`: it is known already.
    pub(super) fn add(&mut self, change: Arc<Change>) -> bool {
        if self.0.iter().any(|known| known.id == change.id) {
            return false;
        }
        if self.0.len() == MOST_REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(change);
        true
    }

    /// The changes after this one. `None`: it is not remembered, so nobody knows what came after it.
    pub(super) fn after(&self, id: EventId) -> Option<Vec<Arc<Change>>> {
        let place = self.0.iter().position(|change| change.id == id)?;
        Some(self.0.range(place + 1..).cloned().collect())
    }

    /// The last change.
    pub(super) fn last(&self) -> Option<EventId> {
        self.0.back().map(|change| change.id)
    }

    /// Forgets everything: something is missing between this and what comes.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
