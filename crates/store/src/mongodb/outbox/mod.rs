//! The outbox. Memory holds the events that this process committed, for its relay. Events that other processes left
//! behind, or that memory had no room for, are read from the documents.

mod in_flight;
mod prune;
mod queue;
mod sweep;

use common::{Ids, SharedClock, Time};
use metrics::gauge;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use self::in_flight::{CommitOutcome, InFlightCommits};
use self::queue::Queue;
use super::layout::{Origin, StoredEvent};
use crate::{CommitError, OutboxEntry};

/// This process's view of the outbox.
pub(super) struct Outbox {
    database: String,
    clock: SharedClock,
    ids: Ids,
    state: Mutex<OutboxState>,
    changed: Notify,
    /// Held while events are read from documents or pruned from them: a sweep must not queue a pruned event again.
    sweep_lock: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct OutboxState {
    queue: Queue,
    in_flight: InFlightCommits,
    /// The time of the last sweep.
    swept_at: Option<Time>,
}

impl Outbox {
    pub(super) fn new(database: String, clock: SharedClock, ids: Ids) -> Self {
        let (state, changed, sweep_lock) = (Mutex::default(), Notify::new(), tokio::sync::Mutex::default());
        Self { database, clock, ids, state, changed, sweep_lock }
    }

    /// Begins a commit of events to the outbox of `origin`. The relay receives commits to one outbox in the order in which
    /// they began: a commit that was decided on another's outcome began after it.
    pub(super) fn begin(&self, origin: Origin, events: Vec<String>) -> PendingCommit<'_> {
        let stored = |event| StoredEvent { id: self.ids.next(), origin, event };
        let events: Vec<_> = events.into_iter().map(stored).collect();
        let number = (!events.is_empty()).then(|| self.state().in_flight.begin(origin));
        PendingCommit { outbox: self, origin, number, events }
    }

    /// The queued events behind `after`.
    pub(super) fn waiting(&self, after: u64, limit: usize) -> Vec<OutboxEntry> {
        let state = self.state();
        let entries = state.queue.waiting(after, limit);
        // The documents hold more events, which the relay reads next.
        if state.queue.is_behind() && !entries.is_empty() {
            self.changed.notify_one();
        }
        entries
    }

    /// Resolves when an event may have entered the outbox.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn complete(&self, origin: Origin, number: u64, outcome: CommitOutcome) {
        let OutboxState { queue, in_flight, .. } = &mut *self.state();
        for outcome in in_flight.complete(origin, number, outcome) {
            match outcome {
                CommitOutcome::Committed(events) => queue.commit(events),
                CommitOutcome::Refused => continue,
                CommitOutcome::Unknown => queue.fall_behind(),
            }
            self.changed.notify_one();
        }
        self.measure(queue);
    }

    fn measure(&self, queue: &Queue) {
        let database = &self.database;
        #[expect(clippy::cast_precision_loss, reason = "there are a few thousand at most")]
        gauge!("store_outbox_buffered", "database" => database.clone()).set(queue.len() as f64);
        let behind = f64::from(u8::from(queue.is_behind()));
        gauge!("store_outbox_backlog", "database" => database.clone()).set(behind);
    }

    fn state(&self) -> MutexGuard<'_, OutboxState> {
        self.state.lock()
    }
}

/// A commit in flight. Dropped before completion, its outcome is unknown.
pub(super) struct PendingCommit<'a> {
    outbox: &'a Outbox,
    origin: Origin,
    number: Option<u64>,
    events: Vec<StoredEvent>,
}

impl PendingCommit<'_> {
    /// The events to commit.
    pub(super) fn events(&self) -> &[StoredEvent] {
        &self.events
    }

    /// Ends the commit with this result.
    pub(super) fn complete(mut self, result: &Result<(), CommitError>) {
        let Some(number) = self.number.take() else { return };
        let outcome = match result {
            Ok(()) => CommitOutcome::Committed(std::mem::take(&mut self.events)),
            Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => CommitOutcome::Refused,
            Err(CommitError::Store(_)) => CommitOutcome::Unknown,
        };
        self.outbox.complete(self.origin, number, outcome);
    }
}

impl Drop for PendingCommit<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number.take() {
            self.outbox.complete(self.origin, number, CommitOutcome::Unknown);
        }
    }
}
