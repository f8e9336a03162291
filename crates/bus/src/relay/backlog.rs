//! The part of the outbox that the relay has read, and the order in which entries may be published.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use common::{Envelope, Time};
use uuid::Uuid;

/// Entries in memory: in flight, queued behind one of their aggregate, or acknowledged and still in the outbox. This
/// bounds the memory and the load on the bus.
pub(super) const MAX_BUFFERED: usize = 1024;

/// Entries of one aggregate in memory, so that one that is never acknowledged leaves room for others.
pub(super) const MAX_BUFFERED_PER_AGGREGATE: usize = 16;

/// An event with its sequence number in the outbox.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) event: Arc<Envelope>,
}

/// The entries of one aggregate behind the one in flight.
#[derive(Default)]
struct AggregateBacklog {
    waiting: VecDeque<Entry>,
    /// The first entry that was skipped for want of room. Later ones must not overtake it.
    skipped: Option<u64>,
}

impl AggregateBacklog {
    fn has_room_for(&self, seq: u64) -> bool {
        self.waiting.len() + 1 < MAX_BUFFERED_PER_AGGREGATE && self.skipped.is_none_or(|first| seq <= first)
    }
}

/// The entries in memory.
#[derive(Default)]
pub(super) struct Backlog {
    aggregates: HashMap<Uuid, AggregateBacklog>,
    buffered: BTreeMap<u64, Time>,
    cursor: u64,
}

impl Backlog {
    /// The sequence number up to which the outbox was read.
    pub(super) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Sets the cursor after reading an entry.
    pub(super) fn advance(&mut self, seq: u64) {
        self.cursor = seq;
    }

    /// Sets the cursor to the start. Entries in memory are recognized when they are read again.
    pub(super) fn rewind(&mut self) {
        self.cursor = 0;
    }

    /// Whether there is room for another entry.
    pub(super) fn has_room(&self) -> bool {
        self.buffered.len() < MAX_BUFFERED
    }

    /// Whether this entry is in memory.
    pub(super) fn contains(&self, seq: u64) -> bool {
        self.buffered.contains_key(&seq)
    }

    /// The commit time of the first entry in memory.
    pub(super) fn oldest(&self) -> Option<Time> {
        self.buffered.first_key_value().map(|(_, time)| *time)
    }

    /// Adds an entry, or skips it if its aggregate has no room; then it is read again later. Returns the entry if it
    /// may be published now.
    pub(super) fn push(&mut self, entry: Entry) -> Option<Entry> {
        let (seq, time) = (entry.seq, entry.event.time);
        let Some(aggregate) = self.aggregates.get_mut(&entry.event.aggregate) else {
            self.buffered.insert(seq, time);
            self.aggregates.insert(entry.event.aggregate, AggregateBacklog::default());
            return Some(entry);
        };
        if aggregate.has_room_for(seq) {
            if aggregate.skipped == Some(seq) {
                aggregate.skipped = None;
            }
            self.buffered.insert(seq, time);
            aggregate.waiting.push_back(entry);
        } else {
            aggregate.skipped = Some(aggregate.skipped.map_or(seq, |first| first.min(seq)));
        }
        None
    }

    /// Notes the acknowledgement of this aggregate's entry in flight. Returns the next to publish.
    pub(super) fn acknowledged(&mut self, aggregate: Uuid) -> Option<Entry> {
        let backlog = self.aggregates.get_mut(&aggregate)?;
        let next = backlog.waiting.pop_front();
        if next.is_none() {
            let skipped = backlog.skipped;
            self.aggregates.remove(&aggregate);
            if let Some(first) = skipped {
                self.cursor = self.cursor.min(first.saturating_sub(1));
            }
        }
        next
    }

    /// Forgets entries that have left the outbox.
    pub(super) fn remove(&mut self, seqs: impl IntoIterator<Item = u64>) {
        for seq in seqs {
            self.buffered.remove(&seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use common::event::DeadlinePassed;
    use common::{Event, OrderId};

    use super::*;

    fn entry(seq: u64, aggregate: u128) -> Entry {
        let time = Time::from_millis(0);
        let aggregate = Uuid::from_u128(aggregate);
        let event = DeadlinePassed { order_id: OrderId::from(aggregate), expires_at: time };
        let event = Envelope {
            id: Uuid::from_u128(seq.into()).into(),
            schema: 1,
            aggregate,
            version: seq,
            time,
            trace: None,
            event: Event::ExpirationCompleted(event),
        };
        Entry { seq, event: Arc::new(event) }
    }

    /// Reads every entry after the cursor, as the relay does.
    fn read(backlog: &mut Backlog, outbox: &[Entry]) -> Vec<u64> {
        let mut ready = Vec::new();
        for entry in outbox.iter().filter(|entry| entry.seq > backlog.cursor()).cloned().collect::<Vec<_>>() {
            backlog.advance(entry.seq);
            if !backlog.contains(entry.seq) {
                ready.extend(backlog.push(entry).map(|entry| entry.seq));
            }
        }
        ready
    }

    #[test]
    fn a_long_queue_is_read_in_parts_and_stays_in_order() {
        let mut outbox: Vec<_> = (1..=100).map(|seq| entry(seq, 1)).collect();
        let mut backlog = Backlog::default();
        let mut in_flight = read(&mut backlog, &outbox).pop();
        let mut published = Vec::new();
        while let Some(seq) = in_flight {
            published.push(seq);
            assert!(backlog.buffered.len() <= MAX_BUFFERED_PER_AGGREGATE);
            // A sweep and a late commit in the middle must not change the order.
            if seq == 20 {
                backlog.rewind();
                outbox.push(entry(101, 1));
            }
            if seq % 7 == 0 {
                assert_eq!(read(&mut backlog, &outbox), Vec::<u64>::new());
            }
            let next = backlog.acknowledged(Uuid::from_u128(1)).map(|entry| entry.seq);
            outbox.retain(|entry| entry.seq != seq);
            backlog.remove([seq]);
            in_flight = next.or_else(|| read(&mut backlog, &outbox).pop());
        }
        assert_eq!(published, (1..=101).collect::<Vec<_>>());
    }

    #[test]
    fn an_aggregate_that_is_never_acknowledged_leaves_room_for_others() {
        let mut outbox: Vec<_> = (1..=5000).map(|seq| entry(seq, 1)).collect();
        outbox.push(entry(5001, 2));
        let mut backlog = Backlog::default();
        assert_eq!(read(&mut backlog, &outbox), [1, 5001]);
        assert_eq!(backlog.buffered.len(), MAX_BUFFERED_PER_AGGREGATE + 1);
        assert!(backlog.has_room());
    }
}
