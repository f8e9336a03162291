//! The part of the outbox that is in memory. It does nothing; it keeps order and bounds.

use std::collections::{BTreeMap, HashSet, VecDeque};

use uuid::Uuid;

use super::{Entry, Origin};
use crate::OutboxEntry;

/// How many entries are kept at most, waiting for the bus or for being taken out of their documents. What finds no room
/// stays where it is in any case: in its document.
pub(super) const MOST_KEPT: usize = 4096;

/// Entries by the numbers under which the relay knows them.
#[derive(Debug, Default)]
pub(super) struct Queue {
    last: u64,
    waiting: BTreeMap<u64, Entry>,
    /// What the bus has and the documents still hold.
    sent: VecDeque<(Uuid, Origin)>,
    /// All of the above, to recognise them in the documents.
    known: HashSet<Uuid>,
    course: Course,
}

/// How what is committed reaches the queue.
#[derive(Debug, Default)]
enum Course {
    /// At once: documents hold nothing of ours that the queue does not.
    #[default]
    Current,
    /// Through the documents: they hold something of ours that the queue does not, and what comes later must not
    /// overtake it.
    Behind,
    /// The documents are being read; what is committed meanwhile follows then.
    CatchingUp(Vec<Entry>),
}

/// How far the documents were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// To the end.
    Whole,
    /// Until there was no more room.
    Full,
    /// Nobody knows.
    Failed,
}

impl Queue {
    /// How many entries are kept.
    pub(super) fn kept(&self) -> usize {
        let parked = if let Course::CatchingUp(parked) = &self.course { parked.len() } else { 0 };
        self.known.len() + parked
    }

    /// Whether the documents hold something of ours that the queue does not.
    pub(super) fn is_behind(&self) -> bool {
        !matches!(self.course, Course::Current)
    }

    /// These were committed.
    pub(super) fn commit(&mut self, entries: Vec<Entry>) {
        let room = self.kept() + entries.len() <= MOST_KEPT;
        match &mut self.course {
            Course::Current if room => entries.into_iter().for_each(|entry| self.keep(entry)),
            Course::CatchingUp(parked) if room => parked.extend(entries),
            _ => self.fall_behind(),
        }
    }

    /// Something may have been committed that is not told here.
    pub(super) fn fall_behind(&mut self) {
        self.course = Course::Behind;
    }

    /// Whether whoever asks for what is behind `after` should read the documents first: it is time (`due`) and
    /// everything is asked for, or there is nothing left here while there is more in them. It takes some room to be
    /// worth while.
    pub(super) fn wants_documents(&self, after: u64, due: bool) -> bool {
        let roomy = self.kept() <= MOST_KEPT / 2;
        let exhausted = || self.waiting.range(after.saturating_add(1)..).next().is_none();
        roomy && ((due && after == 0) || (self.is_behind() && exhausted()))
    }

    /// The documents are going to be read. Tells whether that is to catch up.
    pub(super) fn begin_reading(&mut self) -> bool {
        let behind = self.is_behind();
        if behind {
            self.course = Course::CatchingUp(Vec::new());
        }
        behind
    }

    /// Keeps what was found in a document, unless it is known. Returns whether there was room for it.
    pub(super) fn find(&mut self, entry: Entry) -> bool {
        let known = self.known.contains(&entry.id);
        let takes = known || self.kept() < MOST_KEPT;
        if takes && !known {
            self.keep(entry);
        }
        takes
    }

    /// The documents were read.
    pub(super) fn end_reading(&mut self, reach: Reach) {
        match (std::mem::take(&mut self.course), reach) {
            (Course::CatchingUp(parked), Reach::Whole) => {
                for entry in
                    parked.into_iter().filter(|entry| !self.known.contains(&entry.id)).collect::<Vec<_>>()
                {
                    self.keep(entry);
                }
            }
            (Course::Current, Reach::Whole | Reach::Failed) => {}
            _ => self.fall_behind(),
        }
    }

    fn keep(&mut self, entry: Entry) {
        self.last += 1;
        self.known.insert(entry.id);
        self.waiting.insert(self.last, entry);
    }

    /// What waits behind `after`.
    pub(super) fn waiting(&self, after: u64, limit: usize) -> Vec<OutboxEntry> {
        let behind = self.waiting.range(after.saturating_add(1)..);
        behind.take(limit).map(|(seq, entry)| OutboxEntry { seq: *seq, event: entry.event.clone() }).collect()
    }

    /// The bus has these.
    pub(super) fn mark_published(&mut self, seqs: &[u64]) {
        let entries = seqs.iter().filter_map(|seq| self.waiting.remove(seq));
        self.sent.extend(entries.map(|entry| (entry.id, entry.origin)));
    }

    /// Some of what the bus has and the documents still hold.
    pub(super) fn some_sent(&self, limit: usize) -> Vec<(Uuid, Origin)> {
        self.sent.iter().take(limit).copied().collect()
    }

    /// The first so many of them have left the documents.
    pub(super) fn forget_sent(&mut self, count: usize) {
        for (id, _) in self.sent.drain(..count.min(self.sent.len())) {
            self.known.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests;
