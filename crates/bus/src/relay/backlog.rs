//! What the relay has read of the outbox, and what of it may be published next. It does nothing; it keeps order.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use common::{Envelope, Time};
use uuid::Uuid;

/// How many entries are held at most: on their way, waiting for one of their aggregate, or acknowledged and not yet
/// taken out of the outbox. This bounds the memory, and is what the bus has to carry at the same time.
pub(super) const MOST_HELD: usize = 1024;

/// How many entries of one aggregate are held at most, so that one that nobody acknowledges leaves room for others.
pub(super) const MOST_OF_ONE: usize = 16;

/// An event with its place in the outbox.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) event: Arc<Envelope>,
}

/// The entries of one aggregate behind the one that is on its way.
#[derive(Default)]
struct Lane {
    waiting: VecDeque<Entry>,
    /// The first entry that found no room here. Later ones must not overtake it.
    passed_over: Option<u64>,
}

impl Lane {
    fn has_room_for(&self, seq: u64) -> bool {
        self.waiting.len() + 1 < MOST_OF_ONE && self.passed_over.is_none_or(|first| seq <= first)
    }
}

/// The part of the outbox that is held in memory.
#[derive(Default)]
pub(super) struct Backlog {
    lanes: HashMap<Uuid, Lane>,
    held: BTreeMap<u64, Time>,
    cursor: u64,
}

impl Backlog {
    /// Everything up to here was read. Reading continues behind it.
    pub(super) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Everything up to `seq` was read.
    pub(super) fn advance(&mut self, seq: u64) {
        self.cursor = seq;
    }

    /// Reads again from the start: what is held is recognised.
    pub(super) fn rewind(&mut self) {
        self.cursor = 0;
    }

    /// Whether anything more can be taken in.
    pub(super) fn has_room(&self) -> bool {
        self.held.len() < MOST_HELD
    }

    /// Whether this entry is held.
    pub(super) fn holds(&self, seq: u64) -> bool {
        self.held.contains_key(&seq)
    }

    /// When the first of the held entries was committed.
    pub(super) fn oldest(&self) -> Option<Time> {
        self.held.first_key_value().map(|(_, time)| *time)
    }

    /// Takes an entry in, unless its aggregate has no room; then it is read again later. Returns it if it may be
    /// published now.
    pub(super) fn enter(&mut self, entry: Entry) -> Option<Entry> {
        let (seq, time) = (entry.seq, entry.event.time);
        let Some(lane) = self.lanes.get_mut(&entry.event.aggregate) else {
            self.held.insert(seq, time);
            self.lanes.insert(entry.event.aggregate, Lane::default());
            return Some(entry);
        };
        if lane.has_room_for(seq) {
            if lane.passed_over == Some(seq) {
                lane.passed_over = None;
            }
            self.held.insert(seq, time);
            lane.waiting.push_back(entry);
        } else {
            lane.passed_over = Some(lane.passed_over.map_or(seq, |first| first.min(seq)));
        }
        None
    }

    /// The bus has acknowledged the entry that was on its way for this aggregate. Returns the one that may be
    /// published next.
    pub(super) fn acknowledged(&mut self, aggregate: Uuid) -> Option<Entry> {
        let lane = self.lanes.get_mut(&aggregate)?;
        let next = lane.waiting.pop_front();
        if next.is_none() {
            let passed_over = lane.passed_over;
            self.lanes.remove(&aggregate);
            if let Some(first) = passed_over {
                self.cursor = self.cursor.min(first.saturating_sub(1));
            }
        }
        next
    }

    /// These entries have left the outbox.
    pub(super) fn release(&mut self, seqs: impl IntoIterator<Item = u64>) {
        for seq in seqs {
            self.held.remove(&seq);
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

    /// Reads everything behind the cursor, as the relay does.
    fn read(backlog: &mut Backlog, outbox: &[Entry]) -> Vec<u64> {
        let mut ready = Vec::new();
        for entry in outbox.iter().filter(|entry| entry.seq > backlog.cursor()).cloned().collect::<Vec<_>>() {
            backlog.advance(entry.seq);
            if !backlog.holds(entry.seq) {
                ready.extend(backlog.enter(entry).map(|entry| entry.seq));
            }
        }
        ready
    }

    #[test]
    fn a_long_lane_is_read_in_parts_and_stays_in_order() {
        let mut outbox: Vec<_> = (1..=100).map(|seq| entry(seq, 1)).collect();
        let mut backlog = Backlog::default();
        let mut on_the_way = read(&mut backlog, &outbox).pop();
        let mut published = Vec::new();
        while let Some(seq) = on_the_way {
            published.push(seq);
            assert!(backlog.held.len() <= MOST_OF_ONE);
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
            backlog.release([seq]);
            on_the_way = next.or_else(|| read(&mut backlog, &outbox).pop());
        }
        assert_eq!(published, (1..=101).collect::<Vec<_>>());
    }

    #[test]
    fn an_aggregate_that_nobody_acknowledges_leaves_room_for_others() {
        let mut outbox: Vec<_> = (1..=5000).map(|seq| entry(seq, 1)).collect();
        outbox.push(entry(5001, 2));
        let mut backlog = Backlog::default();
        assert_eq!(read(&mut backlog, &outbox), [1, 5001]);
        assert_eq!(backlog.held.len(), MOST_OF_ONE + 1);
        assert!(backlog.has_room());
    }
}
