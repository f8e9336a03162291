//! The queue of events in memory: order and bounds, without input or output.

use std::collections::{BTreeMap, HashSet, VecDeque};

use uuid::Uuid;

use crate::OutboxEntry;
use crate::mongodb::layout::{Origin, StoredEvent};

/// Events in memory, waiting for the bus or to be pruned. Further events stay where all of them are: in their documents.
pub(super) const MAX_QUEUED: usize = 4096;

/// Events by the numbers under which the relay reads them.
#[derive(Debug, Default)]
pub(super) struct Queue {
    last: u64,
    waiting: BTreeMap<u64, StoredEvent>,
    /// Published events that the documents still hold.
    published: VecDeque<(Uuid, Origin)>,
    /// The ids of all of the above, to recognize them in a scan.
    known: HashSet<Uuid>,
    progress: RelayProgress,
}

/// The way of committed events into the queue.
#[derive(Debug, Default)]
enum RelayProgress {
    /// Directly: the queue holds all events of this process that the documents hold.
    #[default]
    Current,
    /// By a scan: the documents hold events of this process that the queue does not, and later ones must not overtake
    /// them.
    Behind,
    /// During a scan: these were committed meanwhile, and follow the scanned events.
    CatchingUp(Vec<StoredEvent>),
}

/// The end of a scan of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScanResult {
    Complete,
    /// The queue had no room for the rest.
    QueueFull,
    /// An error or cancellation; the extent of the scan is unknown.
    Failed,
}

impl Queue {
    /// The number of events in memory.
    pub(super) fn len(&self) -> usize {
        let parked = if let RelayProgress::CatchingUp(parked) = &self.progress { parked.len() } else { 0 };
        self.known.len() + parked
    }

    /// Whether the documents hold events of this process that the queue does not.
    pub(super) fn is_behind(&self) -> bool {
        !matches!(self.progress, RelayProgress::Current)
    }

    /// Adds committed events.
    pub(super) fn commit(&mut self, events: Vec<StoredEvent>) {
        let room = self.len() + events.len() <= MAX_QUEUED;
        match &mut self.progress {
            RelayProgress::Current if room => events.into_iter().for_each(|event| self.push(event)),
            RelayProgress::CatchingUp(parked) if room => parked.extend(events),
            _ => self.fall_behind(),
        }
    }

    /// Notes that events may have been committed which the queue does not hold.
    pub(super) fn fall_behind(&mut self) {
        self.progress = RelayProgress::Behind;
    }

    /// Whether a read behind `after` should scan the documents first: a read from the start if a sweep is `due`, or a
    /// read behind the last queued event while the queue is behind. Both only with enough room to make a scan worthwhile.
    pub(super) fn wants_scan(&self, after: u64, due: bool) -> bool {
        let roomy = self.len() <= MAX_QUEUED / 2;
        let exhausted = || self.waiting.range(after.saturating_add(1)..).next().is_none();
        roomy && ((due && after == 0) || (self.is_behind() && exhausted()))
    }

    /// Begins a scan. Returns whether the queue is behind.
    pub(super) fn begin_scan(&mut self) -> bool {
        let behind = self.is_behind();
        if behind {
            self.progress = RelayProgress::CatchingUp(Vec::new());
        }
        behind
    }

    /// Adds an event of a document unless the queue holds it. Returns whether there was room.
    pub(super) fn add_scanned(&mut self, event: StoredEvent) -> bool {
        let known = self.known.contains(&event.id);
        let room = known || self.len() < MAX_QUEUED;
        if room && !known {
            self.push(event);
        }
        room
    }

    /// Ends a scan.
    pub(super) fn end_scan(&mut self, result: ScanResult) {
        match (std::mem::take(&mut self.progress), result) {
            (RelayProgress::CatchingUp(parked), ScanResult::Complete) => {
                for event in parked {
                    if !self.known.contains(&event.id) {
                        self.push(event);
                    }
                }
            }
            (RelayProgress::Current, ScanResult::Complete | ScanResult::Failed) => {}
            _ => self.fall_behind(),
        }
    }

    fn push(&mut self, event: StoredEvent) {
        self.last += 1;
        self.known.insert(event.id);
        self.waiting.insert(self.last, event);
    }

    /// The waiting events behind `after`.
    pub(super) fn waiting(&self, after: u64, limit: usize) -> Vec<OutboxEntry> {
        let behind = self.waiting.range(after.saturating_add(1)..);
        behind.take(limit).map(|(seq, event)| OutboxEntry { seq: *seq, event: event.event.clone() }).collect()
    }

    /// Marks events that the bus has acknowledged.
    pub(super) fn mark_published(&mut self, seqs: &[u64]) {
        let events = seqs.iter().filter_map(|seq| self.waiting.remove(seq));
        self.published.extend(events.map(|event| (event.id, event.origin)));
    }

    /// At most `limit` published events that the documents still hold.
    pub(super) fn published(&self, limit: usize) -> Vec<(Uuid, Origin)> {
        self.published.iter().take(limit).copied().collect()
    }

    /// Forgets the first `count` published events, which the documents no longer hold.
    pub(super) fn remove_published(&mut self, count: usize) {
        for (id, _) in self.published.drain(..count.min(self.published.len())) {
            self.known.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: usize) -> StoredEvent {
        let id = Uuid::from_u128(number as u128);
        StoredEvent {
            id,
            origin: Origin { collection: "notes", document: Uuid::nil() },
            event: number.to_string(),
        }
    }

    fn events(queue: &Queue) -> Vec<usize> {
        let waiting = queue.waiting(0, usize::MAX);
        waiting.iter().map(|entry| entry.event.parse().expect("a number")).collect()
    }

    /// Scans documents that hold these events.
    fn scan(queue: &mut Queue, documents: impl IntoIterator<Item = usize>) {
        queue.begin_scan();
        let whole = documents.into_iter().all(|number| queue.add_scanned(event(number)));
        queue.end_scan(if whole { ScanResult::Complete } else { ScanResult::QueueFull });
    }

    /// Publishes and prunes all waiting events.
    fn publish_all(queue: &mut Queue) {
        let seqs: Vec<_> = queue.waiting(0, usize::MAX).iter().map(|entry| entry.seq).collect();
        queue.mark_published(&seqs);
        queue.remove_published(seqs.len());
    }

    #[test]
    fn what_is_known_is_not_found_again() {
        let mut queue = Queue::default();
        queue.commit(vec![event(1), event(2)]);
        queue.mark_published(&[1]);
        scan(&mut queue, [1, 2, 3]);
        assert_eq!(events(&queue), [2, 3]);
        assert_eq!(queue.published(10).len(), 1);
        queue.remove_published(1);
        assert_eq!(queue.len(), 2);
    }

    #[test]
    fn a_full_queue_takes_the_rest_from_the_documents_in_order() {
        let all = 3 * MAX_QUEUED;
        let mut queue = Queue::default();
        for number in 0..all {
            queue.commit(vec![event(number)]);
            assert!(queue.len() <= MAX_QUEUED);
        }
        let mut published = Vec::new();
        while published.len() < all {
            assert!(queue.is_behind() || published.len() + queue.len() == all);
            published.extend(events(&queue));
            publish_all(&mut queue);
            assert!(queue.wants_scan(u64::MAX, false) || !queue.is_behind());
            scan(&mut queue, published.len()..all);
            assert!(queue.len() <= MAX_QUEUED);
        }
        assert!(published.into_iter().eq(0..all));
        assert!(!queue.is_behind());
    }

    #[test]
    fn what_is_committed_while_documents_are_scanned_follows_them() {
        let mut queue = Queue::default();
        queue.fall_behind();
        queue.commit(vec![event(1)]);
        assert_eq!(events(&queue), [0; 0], "they must not overtake events in the documents");
        assert!(queue.begin_scan());
        queue.commit(vec![event(3), event(2)]);
        assert!([1, 2].into_iter().all(|number| queue.add_scanned(event(number))));
        queue.end_scan(ScanResult::Complete);
        assert_eq!(events(&queue), [1, 2, 3]);
        queue.commit(vec![event(4)]);
        assert_eq!(events(&queue), [1, 2, 3, 4]);
    }

    #[test]
    fn a_scan_that_fails_or_misses_something_is_repeated() {
        let mut queue = Queue::default();
        queue.begin_scan();
        queue.end_scan(ScanResult::Failed);
        assert!(!queue.is_behind(), "no event of ours is in the documents alone");
        queue.fall_behind();
        for (result, missed) in
            [(ScanResult::Failed, false), (ScanResult::QueueFull, false), (ScanResult::Complete, true)]
        {
            queue.begin_scan();
            if missed {
                queue.fall_behind();
            }
            queue.end_scan(result);
            assert!(queue.is_behind() && queue.wants_scan(9, false), "{result:?}");
        }
    }
}
