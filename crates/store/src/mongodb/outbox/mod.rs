//! The outbox: what this process committed goes to its relay from memory; what others left behind, or memory had no
//! room for, is read from the documents.

mod lanes;
mod queue;
mod sent;
mod sweep;

use common::{Ids, SharedClock, Time};
use metrics::gauge;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use uuid::Uuid;

use self::lanes::{Lanes, Outcome};
use self::queue::Queue;
pub(super) use self::sent::SENT_WAITS;
use crate::{OutboxEntry, WriteError};

/// An event in the outbox of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Names it within the outbox; tells, as any `UUIDv7`, when it was made.
    pub(super) id: Uuid,
    /// Whose outbox it is in.
    pub(super) origin: Origin,
    /// The envelope as JSON.
    pub(super) event: String,
}

/// A document with an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) collection: &'static str,
    pub(super) document: Uuid,
}

/// What this process knows of the outbox.
pub(super) struct Outbox {
    database: String,
    clock: SharedClock,
    ids: Ids,
    state: Mutex<State>,
    grew: Notify,
    /// Held while documents are read for their outboxes, or relieved of what was sent: what has just been taken out
    /// must not be taken in again.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    queue: Queue,
    lanes: Lanes,
    /// When the documents were last read.
    read_at: Option<Time>,
}

impl Outbox {
    pub(super) fn new(database: String, clock: SharedClock, ids: Ids) -> Self {
        let (state, grew, turn) = (Mutex::default(), Notify::new(), tokio::sync::Mutex::default());
        Self { database, clock, ids, state, grew, turn }
    }

    /// Makes entries of events that are about to be committed to the outbox of `origin`. Commits to one outbox are told
    /// to the relay in the order in which they began: one that was decided on another's outcome began after it.
    pub(super) fn begin(&self, origin: Origin, events: Vec<String>) -> Beginning<'_> {
        let entry = |event| Entry { id: self.ids.next(), origin, event };
        let entries: Vec<_> = events.into_iter().map(entry).collect();
        let place = (!entries.is_empty()).then(|| self.state().lanes.enter(origin));
        Beginning { outbox: self, origin, place, entries }
    }

    /// What waits in memory behind `after`.
    pub(super) fn waiting(&self, after: u64, limit: usize) -> Vec<OutboxEntry> {
        let state = self.state();
        let entries = state.queue.waiting(after, limit);
        // There is more in the documents: it is asked for next.
        if state.queue.is_behind() && !entries.is_empty() {
            self.grew.notify_one();
        }
        entries
    }

    /// Resolves when the outbox may have grown.
    pub(super) async fn grew(&self) {
        self.grew.notified().await;
    }

    fn settled(&self, origin: Origin, place: u64, outcome: Outcome) {
        let State { queue, lanes, .. } = &mut *self.state();
        for outcome in lanes.leave(origin, place, outcome) {
            match outcome {
                Outcome::Committed(entries) => queue.commit(entries),
                Outcome::Refused => continue,
                Outcome::Unknown => queue.fall_behind(),
            }
            self.grew.notify_one();
        }
        self.measure(queue);
    }

    fn measure(&self, queue: &Queue) {
        let database = &self.database;
        #[expect(clippy::cast_precision_loss, reason = "there are a few thousand at most")]
        gauge!("store_outbox_buffered", "database" => database.clone()).set(queue.kept() as f64);
        let behind = f64::from(u8::from(queue.is_behind()));
        gauge!("store_outbox_backlog", "database" => database.clone()).set(behind);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

/// A commit on its way. Dropped without an outcome, its outcome is unknown.
pub(super) struct Beginning<'a> {
    outbox: &'a Outbox,
    origin: Origin,
    place: Option<u64>,
    entries: Vec<Entry>,
}

impl Beginning<'_> {
    /// What is to be committed.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How it ended.
    pub(super) fn settle(mut self, result: &Result<(), WriteError>) {
        let Some(place) = self.place.take() else { return };
        let outcome = match result {
            Ok(()) => Outcome::Committed(std::mem::take(&mut self.entries)),
            Err(WriteError::Conflict | WriteError::DuplicateKey(_)) => Outcome::Refused,
            Err(WriteError::Store(_)) => Outcome::Unknown,
        };
        self.outbox.settled(self.origin, place, outcome);
    }
}

impl Drop for Beginning<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.outbox.settled(self.origin, place, Outcome::Unknown);
        }
    }
}
